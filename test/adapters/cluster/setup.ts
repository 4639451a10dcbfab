// A connection to the shared control plane for one test, which ends with the test.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { makeCluster } from '../../../src/adapters/cluster/cluster.ts';
import type { ClusterOptions, OpenCluster } from '../../../src/adapters/cluster/cluster.ts';
import { connect } from '../../../src/adapters/cluster/connect.ts';
import type { Connection, ConnectOptions } from '../../../src/adapters/cluster/connect.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { auditSince } from '../../support/audit.ts';
import type { AuditEvent, AuditMark } from '../../support/audit.ts';
import type { Json } from '../../support/cluster.ts';
import { testCluster } from '../../support/cluster.ts';
import { temporaryFolder } from '../../support/git-server.ts';
import { failOnLeaks } from '../../support/leaks.ts';
import { realClock } from './clock.ts';
import { startProxy } from './proxy.ts';
import type { Proxy } from './proxy.ts';

const endings: (() => void | Promise<void>)[] = [];

/** Call it at the top of a test file: ends what a test opened, then looks whether anything stayed. */
export function endAfterEach(): void {
  // Hooks run last first.
  failOnLeaks();
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });
}

/** Runs when the test ends, last first. */
export function atEnd(end: () => void | Promise<void>): void {
  endings.push(end);
}

export interface Opened {
  connection: Connection;
  cluster: OpenCluster;
  /** What went wrong with watches, in order. */
  problems: unknown[];
  /** What this connection asked since the mark. */
  asked: (mark: AuditMark) => Promise<AuditEvent[]>;
}

export async function open(
  options: {
    connect?: Partial<ConnectOptions>;
    cluster?: Partial<ClusterOptions>;
    around?: (connection: Connection) => Connection;
  } = {},
): Promise<Opened> {
  const { kubeconfig } = await testCluster();
  const version = `0.0.0-${randomBytes(6).toString('hex')}`;
  const connection = await connect({ kubeconfig, version, ...options.connect });
  const problems: unknown[] = [];
  const cluster = makeCluster(options.around?.(connection) ?? connection, {
    clock: realClock,
    onWatchProblem: (_query, error) => problems.push(error),
    ...options.cluster,
  });
  atEnd(() => connection.close());
  atEnd(() => cluster.close());
  const asked = async (mark: AuditMark) =>
    (await auditSince(mark)).filter((event) => event.userAgent === `pawl/${version}`);
  return { connection, cluster, problems, asked };
}

export async function proxied(): Promise<{ proxy: Proxy; kubeconfig: string }> {
  const { kubeconfig, server } = await testCluster();
  const proxy = await startProxy(new URL(server));
  atEnd(() => proxy.close());
  return {
    proxy,
    kubeconfig: editedKubeconfig(kubeconfig, (config) => {
      config.clusters[0].cluster.server = `https://127.0.0.1:${proxy.port}`;
    }),
  };
}

/** A kubeconfig of the same cluster for another token. */
export async function kubeconfigWithToken(token: string): Promise<string> {
  const { kubeconfig } = await testCluster();
  return editedKubeconfig(kubeconfig, (config) => {
    config.users[0].user = { token };
  });
}

export function editedKubeconfig(path: string, edit: (config: Json) => void): string {
  const config = JSON.parse(readFileSync(path, 'utf8'));
  edit(config);
  const edited = join(temporaryFolder('kubeconfig'), 'kubeconfig');
  writeFileSync(edited, JSON.stringify(config));
  return edited;
}

export const never = new AbortController().signal;

export const CONFIG_MAP = { group: '', version: 'v1', kind: 'ConfigMap' };
export const SECRET = { group: '', version: 'v1', kind: 'Secret' };

export function configMap(
  namespace: string,
  name: string,
  data: Record<string, string> = {},
  labels?: Record<string, string>,
): KubeObject {
  const metadata = { namespace, name, ...(labels === undefined ? {} : { labels }) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

/** Lets a service account do everything in a namespace, by the built-in role. */
export function adminBinding(namespace: string, account: string, from = namespace): KubeObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { namespace, name: `admin-${account}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
    subjects: [{ kind: 'ServiceAccount', namespace: from, name: account }],
  };
}
