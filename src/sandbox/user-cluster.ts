// A cluster of the user's own in place of the local control plane. It is named explicitly, always: the ambient
// KUBECONFIG may be production's.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { JSON_SCHEMA, load } from 'js-yaml';
import { PawlError } from '../model/errors.ts';
import type { Cluster } from './cluster.ts';
import { runKubectl } from './kubectl.ts';

/** kubectl is the one in PATH. Throws `SandboxKubeconfig` if the file names no cluster. */
export function userCluster(kubeconfigPath: string): Cluster {
  const kubeconfig = resolve(kubeconfigPath);
  return {
    kubeconfig,
    server: serverOf(kubeconfig),
    auditLog: undefined,
    async kubectl(args, stdin) {
      try {
        return await runKubectl({ command: ['kubectl'], kubeconfig, home: homedir() }, args, stdin);
      } catch (cause) {
        throw new PawlError({
          code: 'SandboxNotReady',
          message: 'kubectl could not be started',
          hint: 'put kubectl into PATH, or leave the kubeconfig away to use the local control plane',
          cause,
        });
      }
    },
    async stop() {},
  };
}

interface Kubeconfig {
  'current-context'?: string;
  contexts?: { name: string; context?: { cluster?: string } }[];
  clusters?: { name: string; cluster?: { server?: string } }[];
}

function serverOf(path: string): string {
  let config: Kubeconfig | undefined;
  try {
    config = load(readFileSync(path, 'utf8'), { schema: JSON_SCHEMA }) as Kubeconfig | undefined;
  } catch (cause) {
    throw new PawlError({ code: 'SandboxKubeconfig', message: `cannot read the kubeconfig ${path}`, cause });
  }
  const context = config?.contexts?.find((one) => one.name === config['current-context'])?.context;
  const server = config?.clusters?.find((one) => one.name === context?.cluster)?.cluster?.server;
  if (server !== undefined) return server;
  throw new PawlError({
    code: 'SandboxKubeconfig',
    message: `the current context of ${path} leads to no cluster`,
    hint: 'choose one with: kubectl config use-context <name>',
  });
}
