// A cluster without Pawl. The shared one has it, so this is one of its own.
import { afterAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../src/sandbox/controlplane.ts';
import { commandLine } from './command-line.ts';

let controlPlane: ControlPlane | undefined;

afterAll(() => controlPlane?.stop());

test('every command says that Pawl is not installed there', async () => {
  controlPlane = await startControlPlane();
  const pawl = commandLine({ kubeconfig: controlPlane.kubeconfig });
  const commands = [
    ['status'],
    ['status', '--watch'],
    ['status', 'shop'],
    ['status', 'shop', '-w'],
    ['history', 'shop'],
    ['undo', 'shop'],
  ];
  for (const args of [...commands, ['wait', 'shop', '--commit', 'abcdef0']]) {
    expect(await pawl.run(...args)).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: this cluster knows no Apps: Pawl is not installed in it\nhint: Look whether --context names the right cluster, or apply manifests/crd.yaml.\n',
    });
  }
});
