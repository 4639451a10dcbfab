// One App of a bench: a namespace, a repository, an account that may do what its objects need.

import { join } from 'node:path';
import type { AppStatus } from '../src/model/app.ts';
import { type WorkingCopy, workingCopy } from '../src/sandbox/working-copy.ts';
import type { Setting } from './setting.ts';
import { watchUntil } from './watch.ts';

export interface Scene {
  namespace: string;
  person: WorkingCopy;
  status(): Promise<AppStatus>;
  /** The request that wakes Pawl; returns when it has been answered. */
  wake(): Promise<void>;
  /** When (performance.now) the status was first seen to be so. */
  when(test: (status: AppStatus) => boolean): Promise<number>;
}

export interface SceneOptions {
  files: Record<string, string>;
  /** Merged over the spec. */
  spec?: Record<string, unknown>;
}

/** Returns when the first commit has been found healthy. */
export async function openScene(setting: Setting, namespace: string, options: SceneOptions): Promise<Scene> {
  const { kubectl, git, plane } = setting;
  await kubectl(['create', 'namespace', namespace]);
  const url = await git.createRepository(namespace);
  const person = await workingCopy(git, namespace, join(setting.folder, `${namespace}-work`));
  const first = await person.publish('first', options.files);
  await kubectl(['create', 'serviceaccount', 'deployer', '-n', namespace]);
  const account = `--serviceaccount=${namespace}:deployer`;
  await kubectl(['create', 'rolebinding', 'deployer', '--clusterrole=edit', account, '-n', namespace]);
  const app = {
    apiVersion: 'pawl.dev/v1alpha1',
    kind: 'App',
    metadata: { name: 'bench', namespace },
    spec: {
      source: { url, path: 'deploy' },
      serviceAccountName: 'deployer',
      // Once an hour: the request is what wakes it.
      schedule: '0 0 * * * *',
      ...options.spec,
    },
  };
  const path = `/apis/pawl.dev/v1alpha1/namespaces/${namespace}/apps`;
  const request = async (method: string, at: string, contentType: string, body: unknown) => {
    const answer = await plane.request({ method, path: at, contentType, body });
    if (answer.status >= 300)
      throw new Error(`${method} ${at}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await request('POST', path, 'application/json', app);
  const scene: Scene = {
    namespace,
    person,
    status: async () => {
      const { body } = await plane.request({ path: `${path}/bench` });
      return (body as { status?: AppStatus }).status ?? {};
    },
    wake: async () => {
      const annotations = { 'pawl.dev/requested-at': new Date().toISOString() };
      await request('PATCH', `${path}/bench`, 'application/merge-patch+json', { metadata: { annotations } });
    },
    when: async (test) => {
      let at = Number.NaN;
      await watchUntil<{ status?: AppStatus }>(plane, path, ({ object }) => {
        if (object.status === undefined || !test(object.status)) return false;
        at = performance.now();
        return true;
      });
      return at;
    },
  };
  await scene.when(isHealthyAt(first));
  return scene;
}

export function isHealthyAt(commit: string): (status: AppStatus) => boolean {
  return (status) => status.healthy?.commit === commit && status.release === undefined;
}
