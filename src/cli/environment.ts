// Everything that commands need of the world. `main` implements it; commands wire nothing themselves and read
// neither `process` nor the clock.

import type { App } from '../model/app.ts';
import type { TreeFile } from '../model/manifest.ts';
import type { DiffPreview, UndoPreview, UndoRefused } from '../model/preview.ts';
import type { Clock, Cluster, Git } from '../ports.ts';

/** What of an output stream is used; `process.stdout` is one. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/** Which cluster, as kubectl's flags name it. */
export interface ClusterFlags {
  kubeconfig?: string;
  context?: string;
}

/** One cluster as its user sees it, and git. */
export interface Connection {
  cluster: Cluster;
  /** Of the kubeconfig's context; `default` where it names none. */
  currentNamespace: string;
  /** As the kubeconfig calls the user; for want of the server's own answer. */
  userName: string | undefined;
  git: Git;
  /** Ends watches and connections, and removes clones. */
  close(): Promise<void>;
}

export interface Preview {
  /** The commit that undoing to `to` (40 hex) would make, and what the API server says of its objects. */
  undo(connection: Connection, app: App, to: string, signal: AbortSignal): Promise<UndoPreview | UndoRefused>;
  /** Desired, at the applied commit or else at the head, against live. */
  diff(connection: Connection, app: App, signal: AbortSignal): Promise<DiffPreview>;
}

export interface Environment {
  stdout: Output;
  stderr: Output;
  env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  clock: Clock;
  version: string;
  /** Throws PawlError. */
  connect(flags: ClusterFlags, signal: AbortSignal): Promise<Connection>;
  preview: Preview;
  /** Hash of what a render reads, of a commit's entries below `path`: equal hash, nothing new for the App. */
  readHash(entries: readonly TreeFile[], path: string): string;
}

/** 0 yes or done; 1 no, differs, failed or reverted; 2 wrong usage or an error; 3 undecided or timed out. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What a command found: printed as it is with `-o json`, else for people by print/. */
export interface Result<Data> {
  exitCode: ExitCode;
  data: Data;
}
