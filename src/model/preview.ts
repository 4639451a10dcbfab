// What an undo would do, and how live objects differ from desired ones: computed without changing git or the
// cluster. Objects are as the API server gave them; whoever shows them masks Secrets first (cli/mask.ts).

import type { KubeObject, ObjectId } from './object.ts';

export type PreviewAction = 'create' | 'configure' | 'recreate' | 'delete' | 'unchanged' | 'refused';

export interface ObjectPreview {
  id: ObjectId;
  action: PreviewAction;
  /** Live. Undefined where there is no such object. */
  before?: KubeObject;
  /** What the server's dry-run answered, or what is sent where it has no answer. Undefined for what is deleted or refused. */
  after?: KubeObject;
  /** Why the server refused it; may quote the server. */
  reason?: string;
}

export interface FilePreview {
  /** Relative to the repository's root. */
  path: string;
  /** Undefined where the file is not there before, or after, or where it is `binary`. */
  before?: string;
  after?: string;
  binary: boolean;
}

/** The commit that an undo would make. */
export interface UndoPreview {
  /** The whole message of the commit. */
  message: string;
  /** The head it would be made on. */
  parent: string;
  /** What it undoes, newest first. */
  commits: string[];
  restores: string;
  files: FilePreview[];
  objects: ObjectPreview[];
}

/** The undo would be refused, and why. */
export interface UndoRefused {
  refused: string;
}

export interface DiffPreview {
  /** The commit whose render is compared with what is live. */
  commit: string;
  objects: ObjectPreview[];
}
