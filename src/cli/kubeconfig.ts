// Which kubeconfig a user's command reads, by kubectl's rules: the flag, else KUBECONFIG, else ~/.kube/config,
// else the pod's service account. `pawl run` and `pawl demo` never ask here.

import { delimiter, join } from 'node:path';
import { PawlError } from '../model/errors.ts';

export type KubeconfigChoice =
  /** Files to be merged: of what several define, the first counts. */
  { files: string[] } | { inCluster: true };

export interface KubeconfigFacts {
  flag: string | undefined;
  env: NodeJS.ProcessEnv;
  homeDir: string;
  exists: (path: string) => boolean;
}

/** Throws PawlError `NoKubeconfig`. A file that the user names is taken whether or not it exists. */
export function chooseKubeconfig({ flag, env, homeDir, exists }: KubeconfigFacts): KubeconfigChoice {
  if (flag !== undefined) return { files: [flag] };
  // Files of the list that do not exist are passed over, as kubectl does; but not all of them.
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  if (named.length > 0) {
    const there = named.filter(exists);
    return { files: there.length > 0 ? there : named.slice(0, 1) };
  }
  const usual = join(homeDir, '.kube', 'config');
  if (exists(usual)) return { files: [usual] };
  if (env.KUBERNETES_SERVICE_HOST) return { inCluster: true };
  throw new PawlError({
    code: 'NoKubeconfig',
    message: `there is no kubeconfig: neither --kubeconfig nor KUBECONFIG is given, and ${usual} does not exist`,
    hint: 'Name one with --kubeconfig, or try `pawl demo`.',
  });
}
