// A cluster of the user's own in place of the local control plane. It is named explicitly, always: the ambient
// KUBECONFIG may be production's.
import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { PawlError } from '../model/errors.ts';
import { type Credentials, connectApiWith } from './api.ts';
import type { Cluster } from './cluster.ts';
import { runKubectl } from './kubectl.ts';

/** kubectl is the one in PATH. Throws `SandboxKubeconfig` if the file names no cluster. */
export function userCluster(kubeconfigPath: string): Cluster {
  const kubeconfig = resolve(kubeconfigPath);
  const { config, server } = readKubeconfig(kubeconfig);
  const api = connectApiWith(server, () => credentialsOf(config));
  return {
    kubeconfig,
    server,
    auditLog: undefined,
    request: (asked) => api.request(asked),
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
    async stop() {
      api.close();
    },
  };
}

function readKubeconfig(path: string): { config: KubeConfig; server: string } {
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
  } catch (cause) {
    throw new PawlError({ code: 'SandboxKubeconfig', message: `cannot read the kubeconfig ${path}`, cause });
  }
  const server = config.getCurrentCluster()?.server;
  if (server !== undefined) return { config, server };
  throw new PawlError({
    code: 'SandboxKubeconfig',
    message: `the current context of ${path} leads to no cluster`,
    hint: 'choose one with: kubectl config use-context <name>',
  });
}

/** Whatever the kubeconfig names: certificates, a token, a program that gives one. */
async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, headers, auth } = options;
  return {
    ca,
    cert,
    key,
    pfx,
    passphrase,
    rejectUnauthorized,
    auth,
    headers: headers as OutgoingHttpHeaders,
  };
}
