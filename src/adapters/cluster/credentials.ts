// What opens the API server: address, TLS and the headers that say who asks, as the kubeconfig (or the pod's
// service account) gives them. Read again every half minute, and at once after the server refused them, so that
// tokens, certificates and CAs may rotate under a running Pawl.

import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { PawlError, messageOf } from '../../model/errors.ts';
import { type Entry, type Kubeconfig, podEntry, readKubeconfigs, type Tls } from './kubeconfig.ts';

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
  tls: Tls;
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
  const load = loader(address);
  let from = await load();
  let last: Promise<Credentials> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  return {
    async current() {
      if (last === undefined || monotonic() - readAt > FRESH_MS) {
        readAt = monotonic();
        last = from();
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
      // Anew, because the file may have changed, and plugins keep what they read in the object. Where the file is
      // just being rewritten, the old one serves until the next refusal.
      last = load().then(
        (loaded) => {
          from = loaded;
          return loaded();
        },
        () => from(),
      );
      last.catch(() => {});
      readAt = monotonic();
    },
  };
}

/** How to read the credentials of what was named; what it throws is told at once. */
function loader(address: ClusterAddress): () => Promise<() => Promise<Credentials>> {
  const { kubeconfig, context } = address;
  if (kubeconfig === undefined && address.inCluster !== true) {
    throw new PawlError({
      code: 'ClusterUnnamed',
      message: 'no cluster was named',
      hint: 'Name a kubeconfig with --kubeconfig, or run inside a cluster.',
    });
  }
  if (kubeconfig === undefined) {
    return async () => {
      const entry = podEntry(process.env);
      if (entry !== undefined) return async () => credentialsIn(entry, entry.read());
      throw new PawlError({
        code: 'ClusterConfig',
        message: 'this does not run in a pod of a cluster (KUBERNETES_SERVICE_HOST is not set)',
        hint: 'Name a kubeconfig with --kubeconfig.',
      });
    };
  }
  const files = [kubeconfig].flat();
  return async () => {
    const config = parsed(files);
    const entry = config.entry(context);
    if (entry === undefined) {
      const named = context ?? config.current ?? '(none)';
      throw new PawlError({
        code: 'ClusterConfig',
        message: `the kubeconfig ${files.join(', ')} has no cluster for the context ${named}`,
        hint: `Contexts: ${config.contexts.join(', ') || 'none'}.`,
      });
    }
    if (entry.refused.length > 0) {
      throw new PawlError({
        code: 'ClusterConfig',
        message: `the kubeconfig's user ${entry.user ?? ''} has ${entry.refused.join(', ')}, which Pawl does not send`,
        hint: 'Name a user, or `as` alone, that has the rights.',
      });
    }
    if (!entry.isFetched) return async () => credentialsIn(entry, entry.read());
    const library = await fetching(files, context);
    return async () => {
      const { tls, headers } = await library();
      // Of a CA in a file and one written out the library takes the former, unlike kubectl.
      const { ca } = entry.read().tls;
      return credentialsIn(entry, { tls: ca === undefined ? tls : { ...tls, ca }, headers });
    };
  };
}

function parsed(files: readonly string[]): Kubeconfig {
  try {
    return readKubeconfigs(files);
  } catch (error) {
    throw new PawlError({
      code: 'ClusterConfig',
      message: `the kubeconfig ${files.join(', ')} cannot be read: ${firstLine(messageOf(error))}`,
      hint: 'Check the path, and that the file is a kubeconfig.',
    });
  }
}

type Secrets = ReturnType<Entry['read']>;

/** Credentials that a program fetches, by the client library, which is loaded for nothing else. */
async function fetching(
  files: readonly string[],
  context: string | undefined,
): Promise<() => Promise<Secrets>> {
  const library = (await import('@kubernetes/client-node/dist/config.js')) as {
    KubeConfig: new () => KubeConfig;
  };
  const config = new library.KubeConfig();
  const [first = '', ...rest] = files;
  config.loadFromFile(first);
  for (const path of rest) {
    const next = new library.KubeConfig();
    next.loadFromFile(path);
    config.mergeConfig(next, true);
  }
  if (context !== undefined) config.setCurrentContext(context);
  return async () => {
    const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
    await config.applyToHTTPSOptions(options);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers)) headers[name.toLowerCase()] = value.trim();
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(
        ([, value]) => value !== undefined,
      ),
    ) as Tls;
    return { tls, headers };
  };
}

function credentialsIn(entry: Entry, { tls, headers }: Secrets): Credentials {
  const { server, proxyUrl, namespace, user } = entry;
  const id = JSON.stringify([server, proxyUrl, tls]);
  const connectionId = createHash('sha256').update(id).digest('hex');
  return { server, proxyUrl, namespace, user, tls, headers, connectionId };
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
