// Which kinds and namespaces an App's members are looked for in. They are recorded on the App itself (the
// ApplySet parent, KEP-3659) as the union of old and new before anything is applied, so that a process that
// dies in between leaves nothing that nobody finds.

import { ANNOTATION, type App, APPLYSET } from '../model/app.ts';
import type { Manifest } from '../model/manifest.ts';
import { applySetId } from '../model/resolve.ts';
import { type Gvk, idFromKey } from '../model/object.ts';
import type { Account } from '../ports.ts';
import { type Context, type Run, statusOf } from './context.ts';
import { isHealthyApplied } from './healthy.ts';

const TOOLING = 'pawl/v1alpha1';

/** Records and watches the kinds of these manifests and of all members so far. */
export async function coverMembers(run: Run, manifests: readonly Manifest[]): Promise<void> {
  const { ctx, app } = run;
  const annotations = app.metadata.annotations ?? {};
  const kinds = new Set([...list(annotations[APPLYSET.groupKinds]), ...manifests.map(groupKind)]);
  const namespaces = new Set([
    ...list(annotations[APPLYSET.additionalNamespaces]),
    ...manifests
      .map((manifest) => manifest.id.namespace)
      .filter((name) => name !== '' && name !== app.metadata.namespace),
  ]);
  await mark(run, [...kinds].sort().join(','), [...namespaces].sort().join(','));
  const gvks = new Map(manifests.map((manifest) => [groupKind(manifest), manifest.gvk]));
  for (const kind of kinds) {
    if (gvks.has(kind)) continue;
    const dot = kind.indexOf('.');
    const [name, group] = dot < 0 ? [kind, ''] : [kind.slice(0, dot), kind.slice(dot + 1)];
    const type = await ctx.cluster.preferred(group, name, run.signal);
    if (type !== undefined) gvks.set(kind, type.gvk);
  }
  const served = [];
  for (const gvk of gvks.values())
    if ((await ctx.cluster.resource(gvk, run.signal)) !== undefined) served.push(gvk);
  await coverKinds(ctx, run.app, run.account, served, run.signal);
}

/** At rest: forgets kinds and namespaces that hold no member any more, and watches them no longer. */
export async function shrinkMembers(run: Run, manifests: Iterable<Manifest>): Promise<void> {
  const rest = run.ctx.members.of(run.applySet);
  const kinds = new Set<string>();
  const namespaces = new Set<string>();
  for (const manifest of manifests) {
    kinds.add(groupKind(manifest));
    namespaces.add(manifest.id.namespace);
  }
  // A Job that has run and is gone since belongs to the App all the same.
  for (const { object } of statusOf(run).completed ?? []) {
    const id = idFromKey(object);
    if (id !== undefined) kinds.add(id.group === '' ? id.kind : `${id.kind}.${id.group}`);
  }
  for (const object of rest) {
    const slash = object.apiVersion.indexOf('/');
    const group = slash < 0 ? '' : object.apiVersion.slice(0, slash);
    kinds.add(group === '' ? object.kind : `${object.kind}.${group}`);
    namespaces.add(object.metadata.namespace ?? '');
  }
  namespaces.delete('');
  namespaces.delete(run.app.metadata.namespace);
  await mark(run, [...kinds].sort().join(','), [...namespaces].sort().join(','));
  run.ctx.members.retain(run.applySet, [...kinds].map(splitKind), [
    run.app.metadata.namespace,
    ...namespaces,
  ]);
}

/**
 * The last member of a kind goes a while after it was pruned, when its finalizers are done. Asks nothing where
 * nothing is to be forgotten.
 */
export async function forgetUnused(run: Run): Promise<void> {
  const status = statusOf(run);
  const { desired } = run.session;
  if (status.release !== undefined || !isHealthyApplied(status) || desired.size === 0) return;
  await shrinkMembers(run, desired.values());
}

export async function coverKinds(
  ctx: Context,
  app: App,
  account: Account,
  kinds: readonly Gvk[],
  signal: AbortSignal,
): Promise<void> {
  const more = list(app.metadata.annotations?.[APPLYSET.additionalNamespaces]);
  const namespaces = [app.metadata.namespace, ...more];
  await ctx.members.cover(applySetId(app), { kinds, namespaces, account }, signal);
}

async function mark(run: Run, kinds: string, namespaces: string): Promise<void> {
  const { annotations = {}, labels = {} } = run.app.metadata;
  const isMarked =
    labels[APPLYSET.id] === run.applySet &&
    annotations[APPLYSET.tooling] === TOOLING &&
    annotations[ANNOTATION.cluster] === run.ctx.clusterName &&
    annotations[APPLYSET.groupKinds] === kinds &&
    (annotations[APPLYSET.additionalNamespaces] ?? '') === namespaces;
  if (isMarked) return;
  const metadata = {
    labels: { [APPLYSET.id]: run.applySet },
    annotations: {
      [APPLYSET.tooling]: TOOLING,
      [ANNOTATION.cluster]: run.ctx.clusterName,
      [APPLYSET.groupKinds]: kinds,
      [APPLYSET.additionalNamespaces]: namespaces === '' ? null : namespaces,
    },
  };
  run.app = await run.ctx.store.patchMetadata(run.app, metadata, run.hard);
}

function groupKind(manifest: Manifest): string {
  return manifest.gvk.group === '' ? manifest.gvk.kind : `${manifest.gvk.kind}.${manifest.gvk.group}`;
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((entry) => entry !== '');
}

/** The kinds that the App's members are looked for in. */
export function groupKindsOf(app: App): { group: string; kind: string }[] {
  const text = app.metadata.annotations?.[APPLYSET.groupKinds] ?? '';
  return text
    .split(',')
    .filter((entry) => entry !== '')
    .map(splitKind);
}

function splitKind(entry: string): { group: string; kind: string } {
  const dot = entry.indexOf('.');
  return dot < 0 ? { group: '', kind: entry } : { kind: entry.slice(0, dot), group: entry.slice(dot + 1) };
}
