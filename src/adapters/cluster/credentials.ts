// What opens the API server: address, TLS and the headers that say who asks, as the kubeconfig (or the pod's
// service account) gives them. Read again every half minute, and at once after the server refused them, so that
// tokens, certificates and CAs may rotate under a running Pawl.

import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node';
import { PawlError, messageOf } from '../../model/errors.ts';

export interface ClusterAddress {
  /**
   * Path of a kubeconfig, or of several that are merged (of what two define, the first counts). The ambient
   * KUBECONFIG is never looked at: it may be production.
   */
  kubeconfig?: string | readonly string[];
  /** Name of a context; undefined: the current one. */
  context?: string;
  /** Use the service account that is mounted into the pod. */
  inCluster?: boolean;
}

export interface Credentials {
  /** `https://host:port`, perhaps with a path. */
  server: string;
  proxyUrl: string | undefined;
  /** Of the context; in a cluster, the pod's. */
  namespace: string | undefined;
  /** As the kubeconfig calls the user. */
  user: string | undefined;
  tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
  headers: Record<string, string>;
  /** Equal ids may share connections. */
  connectionId: string;
}

export interface CredentialSource {
  /** Throws PawlError `ClusterCredentials`. */
  current(): Promise<Credentials>;
  /** The server refused these: ask the files and plugins again, but not in a loop. */
  refused(): void;
}

const FRESH_MS = 30_000;
const REFUSED_PAUSE_MS = 3_000;

export async function credentialsOf(
  address: ClusterAddress,
  monotonic: () => number,
): Promise<CredentialSource> {
  const load = await loader(address);
  let config = load();
  let last: Promise<Credentials> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  return {
    async current() {
      if (last === undefined || monotonic() - readAt > FRESH_MS) {
        readAt = monotonic();
        last = read(config);
      }
      const mine = last;
      try {
        return await mine;
      } catch (error) {
        // All who ask meanwhile share a failure, so that a plugin is not run for each of them.
        if (last === mine && monotonic() - readAt > REFUSED_PAUSE_MS) last = undefined;
        throw asCredentialsError(error);
      }
    },

    refused() {
      if (monotonic() - readAt < REFUSED_PAUSE_MS) return;
      last = undefined;
      try {
        // Anew, because plugins and token files keep what they read in the object.
        config = load();
      } catch {
        // The file is being rewritten: the old one serves until the next refusal.
      }
    },
  };
}

async function loader(address: ClusterAddress): Promise<() => KubeConfig> {
  if (address.kubeconfig === undefined && address.inCluster !== true) {
    throw new PawlError({
      code: 'ClusterUnnamed',
      message: 'no cluster was named',
      hint: 'Name a kubeconfig with --kubeconfig, or run inside a cluster.',
    });
  }
  if (address.kubeconfig === undefined && process.env['KUBERNETES_SERVICE_HOST'] === undefined) {
    throw new PawlError({
      code: 'ClusterConfig',
      message: 'this does not run in a pod of a cluster (KUBERNETES_SERVICE_HOST is not set)',
      hint: 'Name a kubeconfig with --kubeconfig.',
    });
  }
  // This one file of the library, late: the whole of it costs 0.9 s and 90 MB at start.
  const library = (await import('@kubernetes/client-node/dist/config.js')) as {
    KubeConfig: new () => KubeConfig;
  };
  const name = address.kubeconfig === undefined ? 'of the pod' : [address.kubeconfig].flat().join(', ');
  return () => {
    const config = new library.KubeConfig();
    try {
      if (address.kubeconfig === undefined) config.loadFromCluster();
      else loadFiles(config, [address.kubeconfig].flat(), () => new library.KubeConfig());
    } catch (error) {
      throw new PawlError({
        code: 'ClusterConfig',
        message: `the kubeconfig ${name} cannot be read: ${firstLine(messageOf(error))}`,
        hint: 'Check the path, and that the file is a kubeconfig.',
      });
    }
    if (address.context !== undefined) config.setCurrentContext(address.context);
    if (config.getCurrentCluster()?.server === undefined) {
      const context = config.getCurrentContext();
      throw new PawlError({
        code: 'ClusterConfig',
        message: `the kubeconfig ${name} has no cluster for the context ${context ?? '(none)'}`,
        hint: `Contexts: ${
          config
            .getContexts()
            .map((each) => each.name)
            .join(', ') || 'none'
        }.`,
      });
    }
    return config;
  };
}

function loadFiles(config: KubeConfig, paths: readonly string[], empty: () => KubeConfig): void {
  const [first, ...rest] = paths;
  if (first === undefined) return;
  config.loadFromFile(first);
  for (const path of rest) {
    const next = empty();
    next.loadFromFile(path);
    config.mergeConfig(next, true);
  }
}

async function read(config: KubeConfig): Promise<Credentials> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no current cluster');
  const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
  await config.applyToHTTPSOptions(options);
  if (typeof options.auth === 'string') {
    options.headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  const tls: Credentials['tls'] = {};
  if (options.ca !== undefined) tls.ca = options.ca;
  if (options.cert !== undefined) tls.cert = options.cert;
  if (options.key !== undefined) tls.key = options.key;
  if (options.servername !== undefined) tls.servername = options.servername;
  if (options.rejectUnauthorized !== undefined) tls.rejectUnauthorized = options.rejectUnauthorized;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers)) headers[name.toLowerCase()] = value.trim();
  return {
    server: cluster.server.replace(/\/+$/, ''),
    proxyUrl: cluster.proxyUrl,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    user: config.getCurrentUser()?.name,
    tls,
    headers,
    connectionId: createHash('sha256')
      .update(JSON.stringify([cluster.server, cluster.proxyUrl, tls]))
      .digest('hex'),
  };
}

function asCredentialsError(error: unknown): PawlError {
  if (error instanceof PawlError) return error;
  return new PawlError({
    code: 'ClusterCredentials',
    // A plugin's own words help, but it may print what it should not.
    message: `no credentials for the cluster: ${firstLine(messageOf(error)).replace(/[A-Za-z0-9+/_=.-]{40,}/g, '***')}`,
    hint: 'Run the credential plugin by hand, or look at the files that the kubeconfig names.',
    retry: 'later',
  });
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').slice(0, 200);
}
