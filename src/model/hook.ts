// When a Job of a release runs (`pawl.dev/hook`), and by what its run is known. A run is noted on the Job itself, in the
// same request that makes it, so that no process takes another's run for its own, or for none.

import { ANNOTATION } from './app.ts';
import type { Manifest } from './manifest.ts';
import type { KubeObject } from './object.ts';

export type HookWhen = 'pre' | 'post' | 'verify';

export interface Hook {
  when: HookWhen;
  /** With every release, and not only once per content. */
  always: boolean;
}

export const HOOK_VALUES = 'pre, post or verify, each with or without ",always"';

/** Undefined for a value that means nothing. Blanks around the comma do not matter. */
export function parseHook(text: string): Hook | undefined {
  const [, when, always] = /^\s*(pre|post|verify)\s*(,\s*always\s*)?$/.exec(text) ?? [];
  return when === undefined ? undefined : { when: when as HookWhen, always: always !== undefined };
}

export function isJob({ gvk }: Pick<Manifest, 'gvk'>): boolean {
  return gvk.group === 'batch' && gvk.kind === 'Job';
}

export function isHook({ policy }: Pick<Manifest, 'policy'>): boolean {
  return policy.hook !== undefined;
}

/** A run of a hook: of which content, in which release. */
export interface HookRun {
  hash: string;
  /** The commit and when its release began: a release that is taken up again is the same. */
  release: string;
}

/** What `status.completed` notes of a run: its content, and for one that runs always the release, too. */
export function noteOf({ hash, policy }: Pick<Manifest, 'hash' | 'policy'>, release: string): string {
  return policy.hook?.always === true ? `${hash} ${release}` : hash;
}

export function withRun(object: KubeObject, run: HookRun): KubeObject {
  const annotations = { ...object.metadata.annotations, [ANNOTATION.hookRun]: `${run.hash} ${run.release}` };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Undefined for a Job that Pawl did not make as a hook. */
export function runOf(live: KubeObject): HookRun | undefined {
  const text = live.metadata.annotations?.[ANNOTATION.hookRun] ?? '';
  const blank = text.indexOf(' ');
  return blank < 0 ? undefined : { hash: text.slice(0, blank), release: text.slice(blank + 1) };
}
