// What an undo would do, and how live objects differ from what was applied: the loop's own code, run by a person
// with the person's rights, on a run that cannot write.

import { ANNOTATION, type App, APPLYSET } from '../model/app.ts';
import { ApiError, PawlError } from '../model/errors.ts';
import type { Rendered, TreeFile } from '../model/manifest.ts';
import { idOf, type KubeObject, keyOf } from '../model/object.ts';
import type { DiffPreview, FilePreview, ObjectPreview, UndoPreview } from '../model/preview.ts';
import { applySetId, resolveApp } from '../model/resolve.ts';
import type { Account, Clock, Cluster, Git, Members, Store } from '../ports.ts';
import { newSession, type Run, statusOf } from './context.ts';
import { desiredAt, isRendered } from './desired.ts';
import { groupKindsOf } from './membership.ts';
import { Dependents } from './dependents.ts';
import { Neighbours } from './neighbours.ts';
import { withLiveChecksums } from './preview-checksums.ts';
import { planHere } from './planning.ts';
import { credentialsOf } from './source.ts';
import { composeUndo } from './undo.ts';

export interface PreviewParts {
  git: Git;
  cluster: Cluster;
  clock: Clock;
  /** Undefined where the person may not read it (see preview-checksums.ts). */
  hmacKey: Uint8Array | undefined;
}

/** The commit that undoing to `to` would make. Throws PawlError `UndoRefused`, and what git and the cluster throw. */
export async function previewUndo(
  parts: PreviewParts,
  app: App,
  request: { to: string; by: string },
  signal: AbortSignal,
): Promise<UndoPreview> {
  const run = await openPreview(parts, app, signal);
  const head = await headOf(run);
  const { intent, message, edits } = await composeUndo(run, head, request);
  return {
    message,
    parent: head,
    commits: intent.commits,
    restores: intent.restores,
    files: await filePreviews(run, head, edits),
    objects: await objectPreviews(run, parts, request.to),
  };
}

/** What was applied last, or else the head, against live. */
export async function previewDiff(parts: PreviewParts, app: App, signal: AbortSignal): Promise<DiffPreview> {
  const run = await openPreview(parts, app, signal);
  const head = await headOf(run);
  const commit = app.status?.applied?.commit ?? head;
  await run.ctx.git.fetch(run.repository, { head, back: commit }, signal);
  if (!(await run.ctx.git.has(run.repository, commit))) {
    throw new PawlError({
      code: 'RevisionNotFound',
      message: `${commit}, which is applied, is not in the branch any more`,
      hint: 'The branch was rewritten; the next release compares with its head.',
    });
  }
  return { commit, objects: await objectPreviews(run, parts, commit) };
}

async function openPreview(parts: PreviewParts, app: App, signal: AbortSignal): Promise<Run> {
  const resolved = resolveApp(app);
  if ('refused' in resolved) {
    const [first] = resolved.refused;
    throw new PawlError({
      code: first?.reason ?? 'InvalidSpec',
      message: first?.message ?? '',
      hint: first?.hint,
    });
  }
  const settings = resolved.ok;
  const { url, branch } = settings.source;
  const account = { namespace: settings.namespace, name: settings.serviceAccountName };
  const members = await readMembers(parts.cluster, app, signal);
  const mine = parts.cluster.as(undefined);
  const run: Run = {
    ctx: {
      git: parts.git,
      cluster: parts.cluster,
      clock: parts.clock,
      members,
      store: readOnly,
      emit: () => {},
      prober: { http: () => Promise.reject(new Error('a preview asks no checks')) },
      prometheus: undefined,
      turns: { take: () => Promise.reject(new Error('a preview asks no checks')) },
      clusterName: app.metadata.annotations?.[ANNOTATION.cluster] ?? 'cluster',
      neighbours: new Neighbours(),
      dependents: new Dependents(),
      hmacKey: parts.hmacKey ?? new Uint8Array(32),
    },
    session: newSession({ namespace: settings.namespace, name: settings.name }),
    app,
    opened: app,
    settings,
    account,
    api: (await mayActAs(parts.cluster, account, signal)) ? parts.cluster.as(account) : mine,
    repository: { url, branch, credentials: undefined },
    applySet: applySetId(app),
    signal,
    hard: signal,
  };
  // The Secret is read with the person's own rights: acting as the account must not widen them.
  const credentials = await credentialsOf({ ...run, api: mine });
  return { ...run, repository: { url, branch, credentials } };
}

async function headOf(run: Run): Promise<string> {
  const head = await run.ctx.git.head(run.repository, run.signal);
  if (head !== undefined) return run.ctx.git.fetch(run.repository, { head }, run.signal);
  throw new PawlError({
    code: 'BranchNotFound',
    message: `the repository has no branch ${run.settings.source.branch}`,
    hint: 'Correct spec.source.branch.',
  });
}

/** Dry-runs are made as the App's account where the person may act as it, as Pawl would make them. */
async function mayActAs(cluster: Cluster, account: Account, signal: AbortSignal): Promise<boolean> {
  const ref = { gvk: { group: '', version: 'v1', kind: 'ServiceAccount' }, ...account };
  try {
    await cluster.as(account).get(ref, signal);
    return true;
  } catch (error) {
    // What the account itself may not do is another matter.
    if (error instanceof ApiError) return !/cannot impersonate/.test(error.message);
    throw error;
  }
}

/** The members as lists tell of them, once: a preview follows nothing. */
async function readMembers(cluster: Cluster, app: App, signal: AbortSignal): Promise<Members> {
  const applySet = applySetId(app);
  const api = cluster.as(undefined);
  const more = (app.metadata.annotations?.[APPLYSET.additionalNamespaces] ?? '')
    .split(',')
    .filter((one) => one !== '');
  const objects = new Map<string, KubeObject>();
  for (const { group, kind } of groupKindsOf(app)) {
    const type = await cluster.preferred(group, kind, signal);
    if (type === undefined) continue;
    const namespaces = type.namespaced ? [app.metadata.namespace, ...more] : [undefined];
    for (const namespace of namespaces) {
      const labelSelector = `${APPLYSET.partOf}=${applySet}`;
      for (const object of await api.list({ gvk: type.gvk, namespace, labelSelector }, signal))
        objects.set(keyOf(idOf(object)), object);
    }
  }
  return {
    cover: () => Promise.resolve(),
    get: (id) => objects.get(keyOf(id)),
    of: () => [...objects.values()],
    observe: () => {},
    subscribe: () => () => {},
    retain: () => {},
    release: () => {},
  };
}

const readOnly: Store = {
  get: () => undefined,
  all: () => [],
  writeStatus: () => Promise.reject(new Error('a preview writes nothing')),
  patchMetadata: () => Promise.reject(new Error('a preview writes nothing')),
};

async function objectPreviews(run: Run, parts: PreviewParts, commit: string): Promise<ObjectPreview[]> {
  const desired = await desiredAt(run, commit);
  if (!isRendered(desired)) {
    const [first] = desired.problems;
    throw new PawlError({
      code: 'RenderFailed',
      message: `${commit} cannot be rendered: ${first?.file ?? ''}: ${first?.message ?? ''}`,
      hint: first?.hint,
    });
  }
  const comparable =
    parts.hmacKey === undefined
      ? withLiveChecksums(desired, await appliedRender(run), statusOf(run), run.ctx.members)
      : desired;
  const plan = await planHere(run, comparable, undefined);
  const applied = plan.stages.flat().map(
    ({ manifest, action, live, answer, object }): ObjectPreview => ({
      id: manifest.id,
      action,
      before: live,
      after: action === 'unchanged' ? live : (answer ?? object),
    }),
  );
  const pruned = plan.prune.map(
    (id): ObjectPreview => ({ id, action: 'delete', before: run.ctx.members.get(id) }),
  );
  const refused = plan.refusals.map(
    ({ id, message }): ObjectPreview => ({
      id,
      action: 'refused',
      before: run.ctx.members.get(id),
      reason: message,
    }),
  );
  return [...applied, ...(run.settings.prune ? pruned : []), ...refused];
}

/** What runs; undefined where that commit is not in the branch any more, or cannot be rendered. */
async function appliedRender(run: Run): Promise<Rendered | undefined> {
  const applied = statusOf(run).applied?.commit;
  if (applied === undefined || !(await run.ctx.git.has(run.repository, applied))) return undefined;
  const desired = await desiredAt(run, applied);
  return isRendered(desired) ? desired : undefined;
}

const MAX_SHOWN_BYTES = 1024 * 1024;

async function filePreviews(
  run: Run,
  head: string,
  edits: ReadonlyMap<string, { oid: string; mode: string } | null>,
): Promise<FilePreview[]> {
  const { git } = run.ctx;
  const now = new Map((await git.files(run.repository, head, '')).map((file) => [file.path, file]));
  const textOf = async (file: TreeFile | undefined): Promise<string | undefined> => {
    if (file === undefined) return undefined;
    const [read] = await git.read(run.repository, [file]);
    return read === undefined || read.content.byteLength > MAX_SHOWN_BYTES ? undefined : textIn(read.content);
  };
  const previews: FilePreview[] = [];
  for (const [path, entry] of edits) {
    const was = now.get(path);
    const before = await textOf(was);
    const after = await textOf(entry === null ? undefined : { path, ...entry });
    const binary = (was !== undefined && before === undefined) || (entry !== null && after === undefined);
    previews.push(binary ? { path, binary } : { path, before, after, binary });
  }
  return previews;
}

/** Undefined for what is no text. */
function textIn(content: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
