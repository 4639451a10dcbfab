// Files of a commit → desired objects, kept by content: a commit that changes no file of the read set, and a
// return to former content, render nothing; one that changes a file reads and parses that file.

import type { Rendered, TreeFile } from '../model/manifest.ts';
import { type Gvk, kindName } from '../model/object.ts';
import type { RenderProblem } from '../render/problem.ts';
import { finish, kindsOf, type Parsed } from '../render/render.ts';
import type { Scope } from '../render/scope.ts';
import { type ReadSet, readSetOf } from '../source/readset.ts';
import type { Run } from './context.ts';
import { parsedFiles } from './parsing.ts';
import type { Keys } from './rendered-keys.ts';
import { areServed } from './served.ts';

/** A commit whose files cannot be rendered: it is to blame itself. */
export interface RenderFailure {
  problems: RenderProblem[];
  readSet: TreeFile[];
}

const KEPT_RENDERS = 8;
const KEPT_READ_SETS = 8;

export async function readSetAt(run: Run, commit: string): Promise<ReadSet> {
  const { readSets } = run.session;
  const { url, branch, path } = run.settings.source;
  const key = `${commit} ${url} ${branch} ${path}`;
  const kept = readSets.get(key);
  if (kept !== undefined) return kept;
  const readSet = readSetOf(await run.ctx.git.files(run.repository, commit, path), path);
  readSets.set(key, readSet);
  forgetOldest(readSets, KEPT_READ_SETS);
  return readSet;
}

/** Desired objects at a commit. */
export async function desiredAt(run: Run, commit: string): Promise<Rendered | RenderFailure> {
  const { session, ctx } = run;
  const readSet = await readSetAt(run, commit);
  const key = contentOf(run, readSet);
  const kept = session.renders.get(key);
  if (kept !== undefined) return kept;
  const result = await render(run, readSet);
  // A kind that is not served yet may turn out to have another scope once it is: not to be kept.
  if (
    !isRendered(result) ||
    (await areServed(
      run,
      result.manifests.map(({ gvk }) => gvk),
    ))
  ) {
    session.renders.set(key, result);
    ctx.neighbours.rendered.note(key, keysIn(result));
  }
  forgetOldest(session.renders, KEPT_RENDERS);
  return result;
}

export function isRendered(result: Rendered | RenderFailure): result is Rendered {
  return 'manifests' in result;
}

/** Nothing at all below the path: that is known, and no mistake in a file. */
export function isEmpty(desired: Rendered | RenderFailure): boolean {
  return !isRendered(desired) && desired.problems.every(({ code }) => code === 'Empty');
}

/** What a render is made of: the files, and what of the App counts for it. */
export async function contentAt(run: Run, commit: string): Promise<string> {
  return contentOf(run, await readSetAt(run, commit));
}

function contentOf({ settings }: Run, readSet: ReadSet): string {
  return `${readSet.hash}/${settings.specHash}`;
}

export function keysIn(result: Rendered | RenderFailure): Keys {
  if (isRendered(result)) return new Set(result.manifests.map(({ key }) => key));
  return isEmpty(result) ? new Set() : undefined;
}

async function render(run: Run, readSet: ReadSet): Promise<Rendered | RenderFailure> {
  if (readSet.problems.length > 0) {
    const problems = readSet.problems.map(
      ({ path, message }): RenderProblem => ({
        code: 'NotSupported',
        file: path,
        message,
        hint: 'Pawl reads plain files only, by names that are the same everywhere',
      }),
    );
    return { problems, readSet: readSet.files };
  }
  const parsed = await parsedFiles(run, readSet.files);
  const scopes = await scopesOf(run, parsed);
  const { settings, applySet, ctx } = run;
  const scopeOf = (gvk: Gvk) => scopes.get(kindName(gvk));
  const result = finish(parsed, {
    readHash: readSet.hash,
    settings,
    applySet,
    hmacKey: ctx.hmacKey,
    scopeOf,
    memo: run.session.memo,
  });
  return result.kind === 'rendered' ? result.rendered : { problems: result.problems, readSet: readSet.files };
}

function forgetOldest(kept: Map<string, unknown>, most: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= most) break;
    kept.delete(oldest);
  }
}

async function scopesOf(run: Run, parsed: Parsed): Promise<Map<string, Scope>> {
  const scopes = new Map<string, Scope>();
  for (const gvk of kindsOf(parsed)) {
    const type = await run.ctx.cluster.resource(gvk, run.signal);
    if (type !== undefined) scopes.set(kindName(gvk), type.namespaced ? 'Namespaced' : 'Cluster');
  }
  return scopes;
}
