// Makes commits in a clone: the tree from edits, the commit from the tree. Nothing is sent anywhere.

import { PawlError } from '../../model/errors.ts';
import type { ComposeRequest } from '../../ports.ts';
import { formatCommit, parseCommit } from './commit.ts';
import { checkedEdits, SUBMODULE } from './edits.ts';
import { missing } from './errors.ts';
import type { ObjectStore } from './objects.ts';
import { editTree } from './tree.ts';

export interface Composed {
  oid: string;
  /** The commit object, without git's header. */
  bytes: Uint8Array;
}

/** The same request gives the same commit. */
export async function composeCommit(store: ObjectStore, request: ComposeRequest): Promise<Composed> {
  const tree = await makeTree(store, request);
  const bytes = formatCommit({ ...request, tree, parent: request.onto });
  return { oid: await store.write('commit', bytes), bytes };
}

/** From stored bytes, which must be a commit of the very tree that the edits give, on top of `onto`. */
export async function restoreCommit(
  store: ObjectStore,
  request: ComposeRequest,
  bytes: Uint8Array,
): Promise<string> {
  const tree = await makeTree(store, request);
  const stored = parsed(bytes);
  if (stored?.tree !== tree || stored.parents.length !== 1 || stored.parents[0] !== request.onto) {
    throw new PawlError({
      code: 'GitBadCommit',
      message: 'the stored commit does not hold what its edits give',
      hint: 'It is not pushed; the revert is decided anew.',
    });
  }
  return store.write('commit', bytes);
}

function parsed(bytes: Uint8Array) {
  try {
    return parseCommit('', bytes);
  } catch {
    return undefined;
  }
}

async function makeTree(store: ObjectStore, request: ComposeRequest): Promise<string> {
  const edits = checkedEdits(request.edits);
  for (const edit of edits.values()) {
    if (edit === null || edit.mode === SUBMODULE) continue; // a submodule's commit is in no clone of ours
    if (!(await store.has(edit.oid, 'blob'))) throw missing(store.shown, edit.oid);
  }
  return editTree(store, (await store.commit(request.onto)).tree, edits);
}
