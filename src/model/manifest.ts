// Desired objects: what a render makes of the files of a commit.

import type { Hook } from './hook.ts';
import type { Gvk, KubeObject, ObjectId } from './object.ts';

/** A file (or symbolic link, or submodule) of a commit's tree. */
export interface TreeFile {
  /** Relative to the repository's root. */
  path: string;
  oid: string;
  /** git's mode: 100644, 100755, 120000 (link), 160000 (submodule). */
  mode: string;
}

export interface SourceFile extends TreeFile {
  content: Uint8Array;
}

export interface Origin {
  file: string;
  /** 1-based position among the documents of the file. */
  document: number;
  /** 1-based line where the document starts. */
  line: number;
}

export interface Manifest {
  id: ObjectId;
  key: string;
  gvk: Gvk;
  /** The object as it is sent, with Pawl's rules, but for what only the live object decides (plan/). */
  object: KubeObject;
  origin: Origin;
  /** Hash of the desired form, its configuration's checksum included; equal hash: nothing to apply. */
  hash: string;
  /**
   * Of workloads with a pod template that use configuration of this App: the checksum of that configuration,
   * and one of configuration and template together, by which an adopted workload is left as it is.
   */
  checksum?: { config: string; adoption: string };
  /** `pawl.dev/stage`, 0 where none is given. */
  stage: number;
  policy: {
    prune: 'Default' | 'Never' | 'Before' | 'Always';
    rollback: 'Default' | 'Hold';
    recreate: boolean;
    ignoreFields: string[];
    /** `pawl.dev/hook`, of Jobs only: when it runs, and whether with every release. */
    hook?: Hook;
  };
}

export interface Rendered {
  manifests: Manifest[];
  /** The files that the render read, sorted by path: a commit concerns the App when these change. */
  readSet: TreeFile[];
  /** Hash of the read set. */
  readHash: string;
  /** Hash over all manifests' hashes: equal hash, equal desired state. */
  renderHash: string;
}
