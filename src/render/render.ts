// Parsed files → desired objects, with the rules that Pawl adds. Pure, and apart from the parsing, because the
// scopes of kinds, which decide on namespaces, are the server's to tell.
//
// 1. All or nothing: one problem fails the render, and a failed render prunes nothing.
// 2. The result depends on what the files say, not on their names, order or layout; only the read set does.
// 3. An App among the objects is an object like any other, this App itself included.
// 4. What was made of an object before is taken again as it is: a commit that changes one file of a thousand costs
//    about as much as one that changes one of ten.

import { parseFieldPath, withoutField } from '../model/field-path.ts';
import type { Manifest, Origin, Rendered } from '../model/manifest.ts';
import { gvkOf, idOf, keyOf } from '../model/object.ts';
import type { Gvk, KubeObject, ObjectId } from '../model/object.ts';
import type { Settings } from '../model/settings.ts';
import { checksumOf, configurationUsed, type Used } from './checksum.ts';
import { keyedHash } from './hash.ts';
import { withoutHistory } from './history-limit.ts';
import { asMember } from './membership.ts';
import type { ParsedObject } from './objects.ts';
import { orderOf } from './order.ts';
import { compare, MAX_PROBLEMS, type Parsed } from './parse.ts';
import { placeOf } from './problem.ts';
import type { RenderProblem } from './problem.ts';
import { definedScopes, placed, scopeIn } from './scope.ts';
import type { Scope } from './scope.ts';

export { applyClass } from './order.ts';
export { mebibytes, parse, type Parsed, type ParsedFile, tooMuch } from './parse.ts';

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
  /** What was made of the same objects before, with the same key and for the same ApplySet. */
  memo?: RenderMemo;
}

/** By parsed object. Forgotten with the objects themselves. */
export type RenderMemo = WeakMap<ParsedObject, Ruled>;

export type RenderResult =
  | { kind: 'rendered'; rendered: Rendered }
  | { kind: 'failed'; problems: RenderProblem[] };

/** An object in its namespace, with what Pawl adds. */
interface Ruled {
  /** What decided on its form beside the parsed object. */
  under: string;
  parsed: ParsedObject;
  object: KubeObject;
  /** Without the fields that are left to others: what checksums are of. */
  own: KubeObject;
  id: ObjectId;
  key: string;
  gvk: Gvk;
  /** Of the configuration that its pods name. */
  used: readonly string[];
  finished?: { manifest: Manifest; with: readonly KubeObject[] };
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
  const ruled = parsed.objects.map((each) => ruledOf(each, options, defined));
  const problems = duplicates(ruled);
  if (problems.length > 0) return { kind: 'failed', problems: problems.slice(0, MAX_PROBLEMS) };

  const configuration = new Map(ruled.filter(isConfiguration).map(({ own }) => [configurationKey(own), own]));
  const manifests = inApplyOrder(ruled.map((each) => manifestOf(each, configuration, options.hmacKey)));
  return {
    kind: 'rendered',
    rendered: {
      manifests,
      readSet: parsed.readSet,
      readHash: options.readHash,
      renderHash: renderHash(manifests, options.hmacKey),
    },
  };
}

function ruledOf(
  parsed: ParsedObject,
  { settings, applySet, scopeOf, memo }: FinishOptions,
  defined: ReadonlyMap<string, Scope>,
): Ruled {
  const gvk = gvkOf(parsed.object);
  const scope = scopeIn(gvk, scopeOf, defined);
  const under = `${scope} ${settings.defaultNamespace}`;
  const before = memo?.get(parsed);
  if (before?.under === under) return before;
  const object = asMember(withoutHistory(placed(parsed.object, scope, settings.defaultNamespace)), applySet);
  const id = idOf(object);
  const used = parsed.policy.ignoresChecksum ? [] : configurationUsed(object);
  const ruled = { under, parsed, object, own: ownOf(object, parsed), id, key: keyOf(id), gvk, used };
  memo?.set(parsed, ruled);
  return ruled;
}

/** What others set in a ConfigMap is not what its pods are rolled for. */
function ownOf(object: KubeObject, { policy: { policy } }: ParsedObject): KubeObject {
  const ignored = policy.ignoreFields.map(parseFieldPath).filter((path) => path !== undefined);
  return ignored.reduce(withoutField, object);
}

function isConfiguration({ parsed, object }: Ruled): boolean {
  if (parsed.policy.ignoresChecksum || object.apiVersion !== 'v1') return false;
  return object.kind === 'ConfigMap' || object.kind === 'Secret';
}

function configurationKey({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.namespace}/${metadata.name}`;
}

function manifestOf(
  ruled: Ruled,
  configuration: ReadonlyMap<string, KubeObject>,
  hmacKey: Uint8Array,
): Manifest {
  const used = ruled.used.flatMap((key): Used[] => {
    const object = configuration.get(key);
    return object === undefined ? [] : [{ key, object }];
  });
  const objects = used.map(({ object }) => object);
  const { finished } = ruled;
  if (finished !== undefined && isSameList(finished.with, objects)) return finished.manifest;
  const { object, id, key, gvk } = ruled;
  const { origin, policy } = ruled.parsed;
  const checksum = checksumOf(ruled.own, used, hmacKey);
  const manifest: Manifest = {
    id,
    key,
    gvk,
    object,
    origin,
    hash: keyedHash(hmacKey, [object, checksum?.config ?? null]),
    stage: policy.stage,
    policy: policy.policy,
    ...(checksum === undefined ? {} : { checksum }),
  };
  ruled.finished = { manifest, with: objects };
  return manifest;
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

/** The order of applying is no part of the desired state but for the stages, which the hashes cover. */
function renderHash(manifests: readonly Manifest[], hmacKey: Uint8Array): string {
  return keyedHash(hmacKey, manifests.map(({ key, hash }) => `${key} ${hash}`).sort());
}

/** Of the same object, whatever version of its kind is written. */
function duplicates(objects: readonly Ruled[]): RenderProblem[] {
  const first = new Map<string, Origin>();
  const problems: RenderProblem[] = [];
  for (const { id, key, parsed } of objects) {
    const { origin } = parsed;
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, origin);
      continue;
    }
    const where = `${placeOf(earlier)}${earlier.document > 1 ? ` (document ${earlier.document})` : ''}`;
    const message = `${id.kind} ${id.name} is there already, in ${where}`;
    problems.push({ code: 'DuplicateObject', ...origin, object: id, message, hint: 'keep one of them' });
  }
  return problems;
}

/** Whatever decides on the order of an object is looked at once, not with every comparison. */
function inApplyOrder(manifests: readonly Manifest[]): Manifest[] {
  return manifests
    .map((manifest) => ({ manifest, order: orderOf(manifest) }))
    .sort(
      (a, b) =>
        a.manifest.stage - b.manifest.stage || a.order - b.order || compare(a.manifest.key, b.manifest.key),
    )
    .map(({ manifest }) => manifest);
}
