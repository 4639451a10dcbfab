import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../src/sandbox/controlplane.ts';
import { temporaryFolder } from '../support/git-server.ts';
import { demoFolder, filesIn, processesIn, startDemo } from './program.ts';

// Not the one that the tests share: Pawl must not be installed in it.
let own: ControlPlane | undefined;

afterAll(async () => {
  await own?.stop();
});

/** A PATH with kubectl in it, as a user has. */
function pathWithKubectl([program, ...args]: string[]): string {
  const folder = temporaryFolder('bin');
  const path = join(folder, 'kubectl');
  writeFileSync(path, `#!/bin/sh\nexec '${program}' ${args.join(' ')} "$@"\n`);
  chmodSync(path, 0o755);
  return `${folder}:${process.env.PATH}`;
}

const KINDS = 'namespaces,customresourcedefinitions,clusterroles,clusterrolebindings';

test('in a cluster of the user’s choice the stories are the same, and every object goes in the end', async () => {
  own = await startControlPlane({ timeScale: 0.05 });
  const cluster = own;
  const names = async () => (await cluster.kubectl(['get', KINDS, '-o', 'name'])).stdout.split('\n').sort();
  const before = await names();
  const kubeconfigBefore = readFileSync(cluster.kubeconfig, 'utf8');
  const folder = demoFolder();
  const env = { PATH: pathWithKubectl(cluster.kubectlCommand) };

  const demo = startDemo(folder, ['--kubeconfig', cluster.kubeconfig], env);
  await demo.says('All 6 stories ended as they should.', 120_000);
  await demo.says('tail -f', 5_000);
  const url = /git clone (\S+)/.exec(demo.output())?.[1] ?? '';
  execFileSync('git', ['clone', '--quiet', url, join(temporaryFolder('clone'), 'shop')]);
  demo.child.kill('SIGINT');
  expect(await demo.ended, demo.output()).toBe(0);
  expect(await names()).toEqual(before);
  expect(readFileSync(cluster.kubeconfig, 'utf8')).toBe(kubeconfigBefore);
  expect(processesIn(folder)).toEqual([]);
  expect(filesIn(folder)).toEqual([]);

  // Where Pawl is, the demo's agent would be a second one.
  const crd = new URL('../../manifests/crd.yaml', import.meta.url).pathname;
  await cluster.kubectl(['apply', '--server-side', '-f', crd]);
  const installed = await names();
  const refused = startDemo(folder, ['--exit', '--kubeconfig', cluster.kubeconfig], env);
  expect(await refused.ended).toBe(2);
  expect(refused.output()).toContain('has Pawl already');
  expect(await names()).toEqual(installed);
  expect(filesIn(folder)).toEqual([]);
}, 240_000);

test('a kubeconfig that is not there is said at once', async () => {
  const folder = demoFolder();
  const demo = startDemo(folder, ['--kubeconfig', join(folder, 'none')]);
  expect(await demo.ended).toBe(2);
  expect(demo.output()).toContain(`cannot read the kubeconfig ${join(folder, 'none')}`);
});
