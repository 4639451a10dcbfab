// Files of a commit → desired objects, with the rules that Pawl adds. Pure, and in two steps, because the
// scopes of kinds, which decide on namespaces, are the server's to tell.
//
// 1. All or nothing: one problem fails the render, and a failed render prunes nothing.
// 2. The result depends on what the files say, not on their names, order or layout; only the read set does.
// 3. An App among the objects is an object like any other, this App itself included.

import type { Manifest, Origin, Rendered, SourceFile, TreeFile } from '../model/manifest.ts';
import { gvkOf, idOf, keyOf } from '../model/object.ts';
import type { Gvk, KubeObject } from '../model/object.ts';
import type { Settings } from '../model/settings.ts';
import { checksumOf, configurationOf } from './checksum.ts';
import { LIMITS, readDocuments } from './documents.ts';
import type { Limits } from './documents.ts';
import { keyedHash } from './hash.ts';
import { withoutHistory } from './history-limit.ts';
import { asMember } from './membership.ts';
import { normalise } from './normalise.ts';
import { toObject } from './objects.ts';
import type { ParsedObject } from './objects.ts';
import { orderOf } from './order.ts';
import { placeOf } from './problem.ts';
import type { RenderProblem } from './problem.ts';
import { definedScopes, placed } from './scope.ts';
import type { Scope } from './scope.ts';

export { applyClass } from './order.ts';

export interface Parsed {
  objects: ParsedObject[];
  problems: RenderProblem[];
  /** What was read, sorted by path. */
  readSet: TreeFile[];
}

export interface FinishOptions {
  settings: Pick<Settings, 'defaultNamespace'>;
  /** The hash of the read set, as source/ makes it; carried along so that there is one such hash. */
  readHash: string;
  /** The value of the membership label. */
  applySet: string;
  /** The installation's key. Another one makes all hashes and checksums differ. */
  hmacKey: Uint8Array;
  /** What discovery tells; undefined for a kind that the server does not serve (yet). */
  scopeOf: (gvk: Gvk) => Scope | undefined;
}

export type RenderResult =
  | { kind: 'rendered'; rendered: Rendered }
  | { kind: 'failed'; problems: RenderProblem[] };

/** At most as many as a status can show and a person will read. */
const MAX_PROBLEMS = 100;

/** Everything that can be said without a server. */
export function parse(files: readonly SourceFile[], limits: Limits = LIMITS): Parsed {
  const sorted = [...files].sort((a, b) => compare(a.path, b.path));
  const { documents, problems } = readDocuments(sorted, limits);
  const objects: ParsedObject[] = [];
  for (const document of documents) {
    const result = toObject(document);
    if (Array.isArray(result)) problems.push(...result);
    else objects.push({ ...result, object: normalise(result.object) });
  }
  if (documents.length === 0 && problems.length === 0) {
    problems.push({
      code: 'Empty',
      file: '',
      message: 'no objects: the path holds no manifests',
      hint: 'check spec.source.path; only .yaml, .yml and .json files are read',
    });
  }
  const readSet = sorted.map(({ path, oid, mode }) => ({ path, oid, mode }));
  problems.sort((a, b) => compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0));
  return { objects, problems: problems.slice(0, MAX_PROBLEMS), readSet };
}

/** The kinds of which `scopeOf` will be asked. */
export function kindsOf(parsed: Parsed): Gvk[] {
  const kinds = new Map(
    parsed.objects.map(({ object }) => [`${object.apiVersion}/${object.kind}`, gvkOf(object)]),
  );
  return [...kinds.values()];
}

export function finish(parsed: Parsed, options: FinishOptions): RenderResult {
  if (parsed.problems.length > 0) return { kind: 'failed', problems: parsed.problems };
  const defined = definedScopes(parsed.objects.map(({ object }) => object));
  const { defaultNamespace } = options.settings;
  const objects = parsed.objects.map((each) => ({
    ...each,
    object: withRules(placed(each.object, options.scopeOf, defined, defaultNamespace), options.applySet),
  }));
  const problems = duplicates(objects);
  if (problems.length > 0) return { kind: 'failed', problems: problems.slice(0, MAX_PROBLEMS) };

  const configuration = configurationOf(objects.map(configured));
  const manifests = objects
    .map((each): Manifest => {
      const checksum = checksumOf(configured(each), configuration, options.hmacKey);
      return manifestOf(each, checksum, options.hmacKey);
    })
    .sort(byApplyOrder);
  const { readSet } = parsed;
  return {
    kind: 'rendered',
    rendered: {
      manifests,
      readSet,
      readHash: options.readHash,
      renderHash: renderHash(manifests, options.hmacKey),
    },
  };
}

function configured({ object, policy }: ParsedObject): { object: KubeObject; ignoresChecksum: boolean } {
  return { object, ignoresChecksum: policy.ignoresChecksum };
}

function withRules(object: KubeObject, applySet: string): KubeObject {
  return asMember(withoutHistory(object), applySet);
}

function manifestOf(
  { object, origin, policy: { stage, policy } }: ParsedObject,
  checksum: Manifest['checksum'],
  hmacKey: Uint8Array,
): Manifest {
  const id = idOf(object);
  const manifest: Manifest = {
    id,
    key: keyOf(id),
    gvk: gvkOf(object),
    object,
    origin,
    hash: keyedHash(hmacKey, [object, checksum?.config ?? null]),
    stage,
    policy,
  };
  return checksum === undefined ? manifest : { ...manifest, checksum };
}

/** The order of applying is no part of the desired state but for the stages, which the hashes cover. */
function renderHash(manifests: readonly Manifest[], hmacKey: Uint8Array): string {
  return keyedHash(hmacKey, Object.fromEntries(manifests.map((manifest) => [manifest.key, manifest.hash])));
}

/** Of the same object, whatever version of its kind is written. */
function duplicates(objects: readonly ParsedObject[]): RenderProblem[] {
  const first = new Map<string, Origin>();
  const problems: RenderProblem[] = [];
  for (const { object, origin } of objects) {
    const id = idOf(object);
    const earlier = first.get(keyOf(id));
    if (earlier === undefined) {
      first.set(keyOf(id), origin);
      continue;
    }
    const where = `${placeOf(earlier)}${earlier.document > 1 ? ` (document ${earlier.document})` : ''}`;
    const message = `${id.kind} ${id.name} is there already, in ${where}`;
    problems.push({ code: 'DuplicateObject', ...origin, object: id, message, hint: 'keep one of them' });
  }
  return problems;
}

function byApplyOrder(a: Manifest, b: Manifest): number {
  return a.stage - b.stage || orderOf(a) - orderOf(b) || compare(a.key, b.key);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
