// What a person can do while the demo stays up: commands to copy, complete with paths, users and passwords.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface FarewellFacts {
  root: string;
  kubeconfig: string;
  kubectlCommand: string;
  namespace: string;
  /** With user and password: made for this demo, and gone with it. */
  cloneUrl: string;
  logPath: string;
  isSimulated: boolean;
}

export function farewell(facts: FarewellFacts): string[] {
  const { root, kubeconfig, kubectlCommand, namespace, cloneUrl, logPath, isSimulated } = facts;
  // Without the built file npx would look for a package of that name elsewhere.
  const pawl = existsSync(join(root, 'dist', 'pawl.js')) ? 'npx pawl' : 'npm run --silent pawl --';
  const cluster = `--kubeconfig ${kubeconfig} -n ${namespace}`;
  return [
    'Everything stays up until Ctrl-C, which removes it. Try:',
    '',
    `  git clone ${cloneUrl}`,
    '  cd shop && $EDITOR deploy/web.yaml && git commit -am "Mine" && git push',
    ...(isSimulated
      ? [
          '  (images: any tag runs; one that ends with -crash, -notfound, -oom or -neverready does what it says)',
        ]
      : []),
    '',
    `  ${pawl} status shop ${cluster} --watch`,
    `  ${pawl} history shop ${cluster}`,
    `  ${pawl} undo shop ${cluster} --dry-run`,
    '',
    `  ${kubectlCommand} ${cluster} get pawl`,
    `  ${kubectlCommand} ${cluster} scale deployment/web --replicas=1`,
    '',
    `  tail -f ${logPath}`,
  ];
}
