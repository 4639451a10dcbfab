// What a kubeconfig, or the pod's service account, says in so many words: address, TLS, tokens, passwords. Users
// whose credentials a program has to fetch (exec, auth-provider) are not read here: credentials.ts hands those to
// the client library, which alone costs as much memory as all the rest of an idle agent.
//
// Files that it names are read whenever credentials are asked for, because tokens and certificates rotate.

import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { dirname, isAbsolute, join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { load } from 'js-yaml';

export interface Kubeconfig {
  contexts: readonly string[];
  /** By its name, or the current one. */
  entry(context: string | undefined): Entry | undefined;
  current: string | undefined;
}

/** One context with all that it names. */
export interface Entry {
  server: string;
  proxyUrl: string | undefined;
  namespace: string | undefined;
  /** As the kubeconfig calls the user. */
  user: string | undefined;
  /** Its credentials come from a program. */
  isFetched: boolean;
  /** What it says of who asks that is not understood here: to leave it out would be to ask as somebody else. */
  refused: readonly string[];
  /** Throws where a file that is named cannot be read. */
  read(): { tls: Tls; headers: Record<string, string> };
}

export type Tls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

type Named = Record<string, unknown> & { name?: unknown };

/** Of what two files define, the first counts. Throws where one cannot be read or is none. */
export function readKubeconfigs(paths: readonly string[]): Kubeconfig {
  const clusters = new Map<string, Section>();
  const users = new Map<string, Section>();
  const contexts = new Map<string, Section>();
  let current: string | undefined;
  for (const path of paths) {
    const file: unknown = load(readFileSync(path, 'utf8'));
    if (file === null || typeof file !== 'object' || Array.isArray(file))
      throw new Error('it is no mapping of clusters, users and contexts');
    const whole = file as Record<string, unknown>;
    const folder = dirname(path);
    take(clusters, whole['clusters'], 'cluster', folder);
    take(users, whole['users'], 'user', folder);
    take(contexts, whole['contexts'], 'context', folder);
    current ??= text(whole['current-context']);
  }
  return {
    contexts: [...contexts.keys()],
    current,
    entry(wanted) {
      const context = contexts.get(wanted ?? current ?? '');
      const cluster = clusters.get(context?.text('cluster') ?? '');
      const server = cluster?.text('server');
      if (context === undefined || cluster === undefined || server === undefined) return undefined;
      const name = context.text('user');
      return entryOf(server, context, cluster, name, users.get(name ?? ''));
    },
  };
}

/** Beside `as`: with them the server gives other rights than without. */
const IMPERSONATION = ['as-groups', 'as-uid', 'as-user-extra'];

interface Section {
  has(field: string): boolean;
  isTrue(field: string): boolean;
  text(field: string): string | undefined;
  /** `field-data` in base64, or what a file that the field `field` names holds: kubectl lets the former count. */
  bytes(field: string): Buffer | undefined;
  file(field: string): string | undefined;
}

function take(into: Map<string, Section>, list: unknown, field: string, folder: string): void {
  if (!Array.isArray(list)) return;
  for (const [index, each] of (list as (Named | null)[]).entries()) {
    const name = text(each?.name);
    if (name === undefined) throw new Error(`${field}s[${index}].name is missing`);
    if (!into.has(name)) into.set(name, sectionOf(each?.[field], folder));
  }
}

function sectionOf(value: unknown, folder: string): Section {
  const fields = (value !== null && typeof value === 'object' ? value : {}) as Record<string, unknown>;
  const read = (path: string) => readFileSync(isAbsolute(path) ? path : join(folder, path));
  return {
    has: (field) => fields[field] !== undefined && fields[field] !== null,
    isTrue: (field) => fields[field] === true,
    text: (field) => text(fields[field]),
    bytes(field) {
      const data = text(fields[`${field}-data`]);
      if (data !== undefined) return Buffer.from(data, 'base64');
      const path = text(fields[field]);
      return path === undefined ? undefined : read(path);
    },
    file(field) {
      const path = text(fields[field]);
      return path === undefined ? undefined : read(path).toString('utf8').trim();
    },
  };
}

function entryOf(
  server: string,
  context: Section,
  cluster: Section,
  name: string | undefined,
  user: Section | undefined,
): Entry {
  return {
    server: server.replace(/\/+$/, ''),
    proxyUrl: cluster.text('proxy-url'),
    namespace: context.text('namespace'),
    user: name,
    refused: IMPERSONATION.filter((field) => user?.has(field) === true),
    isFetched: user?.has('exec') === true || user?.has('auth-provider') === true,
    read() {
      const tls: Tls = {};
      const ca = cluster.bytes('certificate-authority');
      const cert = user?.bytes('client-certificate');
      const key = user?.bytes('client-key');
      const servername = cluster.text('tls-server-name');
      if (cluster.isTrue('insecure-skip-tls-verify')) tls.rejectUnauthorized = false;
      if (servername !== undefined) tls.servername = servername;
      if (ca !== undefined) tls.ca = ca;
      if (cert !== undefined) tls.cert = cert;
      if (key !== undefined) tls.key = key;
      return { tls, headers: headersOf(user) };
    },
  };
}

/** As kubectl does: a token in a file counts before one that is written out, and either before a password. */
function headersOf(user: Section | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  const token = user?.file('tokenFile') ?? user?.text('token');
  const username = user?.text('username');
  if (token !== undefined) headers['authorization'] = `Bearer ${token.trim()}`;
  else if (username !== undefined)
    headers['authorization'] =
      `Basic ${Buffer.from(`${username}:${user?.text('password') ?? ''}`).toString('base64')}`;
  const as = user?.text('as');
  if (as !== undefined) headers['impersonate-user'] = as;
  return headers;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const MOUNTED = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The service account that is mounted into the pod; undefined where this runs in none. */
export function podEntry(env: NodeJS.ProcessEnv, folder = MOUNTED): Entry | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (host === undefined || host === '') return undefined;
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    proxyUrl: undefined,
    namespace: namespaceIn(folder),
    user: undefined,
    isFetched: false,
    refused: [],
    read: () => ({
      tls: { ca: readFileSync(join(folder, 'ca.crt')) },
      headers: { authorization: `Bearer ${readFileSync(join(folder, 'token'), 'utf8').trim()}` },
    }),
  };
}

function namespaceIn(folder: string): string | undefined {
  try {
    return text(readFileSync(join(folder, 'namespace'), 'utf8').trim());
  } catch {
    return undefined;
  }
}
