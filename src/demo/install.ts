// Puts Pawl into the cluster, and takes it out again where the cluster outlives the demo.

import { PawlError } from '../model/errors.ts';
import type { KubeObject } from '../model/object.ts';
import type { Cluster } from '../sandbox/cluster.ts';
import { DEMO_LABEL, isClusterScoped } from './manifests.ts';

/** Runs kubectl. Throws PawlError `DemoKubectl` where it fails. Returns its output. */
export async function kubectl(cluster: Cluster, args: string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, stdin);
  if (code === 0) return stdout;
  throw new PawlError({
    code: 'DemoKubectl',
    message: `kubectl ${args.join(' ')} failed: ${stderr.trim()}`,
    hint: 'The demo installs a definition and cluster roles: it needs the rights of a cluster administrator.',
  });
}

/**
 * Refuses a cluster that has Pawl already: its agent would follow the demo's App too. Throws PawlError
 * `DemoInstalled`.
 */
export async function refuseInstalled(cluster: Cluster, objects: readonly KubeObject[]): Promise<void> {
  const wide = listOf(objects.filter(isClusterScoped));
  const found = await kubectl(cluster, ['get', '-f', '-', '--ignore-not-found', '-o', 'name'], wide);
  const names = found.split('\n').filter((line) => line !== '');
  if (names.length === 0) return;
  const kinds = 'namespaces,customresourcedefinitions,clusterroles,clusterrolebindings';
  throw new PawlError({
    code: 'DemoInstalled',
    message: `the cluster of ${cluster.kubeconfig} has Pawl already, or the rest of another demo: ${names.join(', ')}`,
    hint: `Use a cluster without Pawl. What a demo that was killed left behind goes with: kubectl --kubeconfig ${cluster.kubeconfig} delete ${kinds} -l ${DEMO_LABEL}=true`,
  });
}

export async function install(
  cluster: Cluster,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  await kubectl(cluster, ['apply', '--server-side', '-f', '-'], listOf(objects));
  signal.throwIfAborted();
  await kubectl(cluster, [
    'wait',
    '--for=condition=Established',
    '--timeout=30s',
    'customresourcedefinition/apps.pawl.dev',
  ]);
}

/** As a person with kubectl would. */
export async function apply(cluster: Cluster, ...objects: KubeObject[]): Promise<void> {
  await kubectl(cluster, ['apply', '--server-side', '-f', '-'], listOf(objects));
}

/** Namespaces take what is in them along. */
export async function uninstall(cluster: Cluster, objects: readonly KubeObject[]): Promise<void> {
  const wide = listOf(objects.filter(isClusterScoped));
  await kubectl(cluster, ['delete', '-f', '-', '--ignore-not-found', '--timeout=90s'], wide);
}

/** A kubeconfig with nothing but the rights of the agent's own service account (by TokenRequest). */
export async function accountKubeconfig(cluster: Cluster, account: { namespace: string; name: string }) {
  const { namespace, name } = account;
  const [view, token] = await Promise.all([
    kubectl(cluster, ['config', 'view', '--minify', '--flatten', '--raw', '--output=json']),
    // For as long as somebody may leave the demo running; a server may shorten it.
    kubectl(cluster, ['create', 'token', name, `--namespace=${namespace}`, '--duration=24h']),
  ]);
  const { clusters } = JSON.parse(view) as { clusters: { name: string; cluster: unknown }[] };
  const [one] = clusters;
  if (one === undefined) throw new Error('the kubeconfig names no cluster');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [one],
    users: [{ name, user: { token: token.trim() } }],
    contexts: [{ name: 'demo', context: { cluster: one.name, user: name, namespace } }],
    'current-context': 'demo',
  };
}

function listOf(items: readonly KubeObject[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
