// Taking over what another tool applied. Server-side apply removes a field only if nobody else owns it, so what
// former tools left in managedFields would keep fields alive that no manifest holds and that no release can delete.
// At adoption their entries become ours: what is not in the manifest goes with the first apply, and what leaves the
// manifest later goes then.
//
// T1 Only entries of known deploy tools are taken: never a controller's, never `kubectl rollout` (its restartedAt
//    in a pod template is no part of any manifest, and losing it would restart pods), never a subresource's.
// T2 Fields left to others are not taken but given up: nobody owns them, and they keep their values.
// T3 What the server or controllers put into an object, such as a claim's volume, is not taken either.
// T4 Nothing but managedFields (and kubectl's copy of the manifest) changes here: no field, so no pod.

import { APPLYSET, FIELD_MANAGER } from '../model/app.ts';
import { type FieldPath, parseFieldPath } from '../model/field-path.ts';
import type { KubeObject, ManagedFieldsEntry, ObjectId } from '../model/object.ts';
import { oneLine } from '../model/text.ts';
import { holds, union, without } from './field-set.ts';
import { type FieldSet, isOurs, ownFields } from './fields.ts';

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Exact names of managers, as the tools' own sources give them. */
const TOOLS: ReadonlySet<string> = new Set([
  // kubectl; not kubectl-rollout, -label, -annotate, -taint: what these write is seldom in a manifest.
  'kubectl',
  'kubectl-client-side-apply',
  'kubectl-last-applied',
  'kubectl-create',
  'kubectl-replace',
  'kubectl-patch',
  'kubectl-edit',
  'kubectl-set',
  'kubectl-run',
  'kubectl-expose',
  'kubectl-autoscale',
  // The server's own name for what stood in an object before anybody used server-side apply on it.
  'before-first-apply',
  // Helm names its manager after the program.
  'helm',
  'Helm',
  'helm-controller',
  'kustomize-controller',
  'flux',
  'argocd-controller',
  'argocd-application-controller',
  'argocd-server',
  'kapp',
  'kapp-controller',
  'kapp-server-side-apply',
  'fleetagent',
  'fleet-agent',
  'tanka',
  'werf',
  'timoni',
  'krane',
  'kpt',
  'configsync',
  'Terraform',
  'HashiCorp',
]);
/** Tools whose managers' names go on with a version or a hash. */
const TOOL_PREFIXES = ['terraform-provider-', 'pulumi-'] as const;

export function isDeployTool(manager: string): boolean {
  return TOOLS.has(manager) || TOOL_PREFIXES.some((prefix) => manager.startsWith(prefix));
}

/** T3. By `Kind.group`; the first are of every kind. */
const NEVER_TAKEN = {
  every: paths(
    'status',
    'metadata.finalizers',
    'metadata.ownerReferences',
    `metadata.labels[${APPLYSET.partOf}]`,
  ),
  Service: paths(
    'spec.clusterIP',
    'spec.clusterIPs',
    'spec.ipFamilies',
    'spec.ipFamilyPolicy',
    'spec.healthCheckNodePort',
  ),
  PersistentVolumeClaim: paths('spec.volumeName', 'spec.volumeMode', 'spec.storageClassName'),
  PersistentVolume: paths('spec.claimRef'),
  Namespace: paths('spec.finalizers', 'metadata.labels[kubernetes.io/metadata.name]'),
  ServiceAccount: paths('secrets', 'imagePullSecrets'),
  'Job.batch': paths('spec.selector', 'spec.template.metadata.labels'),
  Pod: paths('spec'),
} as const satisfies Record<string, readonly FieldPath[]>;

function paths(...texts: string[]): readonly FieldPath[] {
  return texts.map(parseFieldPath).filter((path) => path !== undefined);
}

/**
 * Whether others applied the object before Pawl did. What people do to an object that is a member is theirs: it
 * is drift where Pawl owns the field, and none of our business elsewhere.
 */
export function isAdopted(live: KubeObject | undefined): boolean {
  if (live === undefined) return false;
  return live.metadata.labels?.[APPLYSET.partOf] === undefined || ownFields(live) === undefined;
}

/** The managers whose entries would be taken, in the order in which the object lists them. */
export function formerTools(live: KubeObject): string[] {
  const names = (live.metadata.managedFields ?? [])
    .filter(isTaken)
    .map(({ manager }) => oneLine(manager ?? '', 63));
  return [...new Set(names)];
}

function isTaken(entry: ManagedFieldsEntry): boolean {
  return (entry.subresource ?? '') === '' && !isOurs(entry) && isDeployTool(entry.manager ?? '');
}

export interface HandOver {
  /** The entries of other tools become ours. */
  adopt: boolean;
  /** Fields that are given up, so that not to send them removes nothing. */
  left: readonly FieldPath[];
}

/**
 * The JSON patch that puts managedFields right before an apply, or undefined where there is nothing to do. It names
 * the version that was read, so a write in between makes it a conflict (409) and nothing else.
 */
export function handOverPatch(
  id: ObjectId,
  live: KubeObject,
  { adopt, left }: HandOver,
): Record<string, unknown>[] | undefined {
  const before = live.metadata.managedFields ?? [];
  const taken = adopt ? before.filter(isTaken) : [];
  const own = before.find(isOurs);
  const holdsLeft = own?.fieldsV1 !== undefined && left.some((path) => holds(own.fieldsV1 ?? {}, path));
  const copy = adopt && live.metadata.annotations?.[LAST_APPLIED] !== undefined;
  if (taken.length === 0 && !holdsLeft && !copy) return undefined;

  const entry = taken.length === 0 && !holdsLeft ? own : merged(id, live, own, taken, left);
  const rest = before.filter((one) => !isOurs(one) && !taken.includes(one));
  const patch: Record<string, unknown>[] = [
    { op: 'replace', path: '/metadata/managedFields', value: entry === undefined ? rest : [entry, ...rest] },
    // `replace`, not `test`: a version that is not the newest is a conflict, a failed test would be a mistake.
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
  ];
  if (copy) patch.unshift({ op: 'remove', path: `/metadata/annotations/${LAST_APPLIED.replace('/', '~1')}` });
  return patch;
}

/** One entry of ours with all that is taken. Field names hold for one version: see {@link inVersion}. */
function merged(
  id: ObjectId,
  live: KubeObject,
  own: ManagedFieldsEntry | undefined,
  taken: readonly ManagedFieldsEntry[],
  left: readonly FieldPath[],
): ManagedFieldsEntry | undefined {
  const apiVersion = own?.apiVersion ?? mostFields(taken) ?? live.apiVersion;
  let fields: FieldSet = own?.fieldsV1 ?? {};
  for (const entry of taken) fields = union(fields, takeable(id, inVersion(entry, apiVersion)));
  for (const path of left) fields = without(fields, path);
  if (Object.keys(fields).length === 0) return undefined;
  const { time } = own ?? taken[0] ?? {};
  return {
    manager: FIELD_MANAGER,
    operation: 'Apply',
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
  };
}

/** One applier has one entry, of one version. The server converts it, so any version that is still served will do. */
function mostFields(taken: readonly ManagedFieldsEntry[]): string | undefined {
  const size = ({ fieldsV1 }: ManagedFieldsEntry) => JSON.stringify(fieldsV1 ?? {}).length;
  return taken.toSorted((a, b) => size(b) - size(a))[0]?.apiVersion;
}

/** Of an entry in another version only the metadata, which is the same in all: other fields may have other names. */
function inVersion(entry: ManagedFieldsEntry, apiVersion: string): FieldSet {
  const fields = entry.fieldsV1 ?? {};
  if (entry.apiVersion === apiVersion) return fields;
  const metadata = fields['f:metadata'];
  return metadata === undefined ? {} : { 'f:metadata': metadata };
}

function takeable({ group, kind }: ObjectId, fields: FieldSet): FieldSet {
  const name = group === '' ? kind : `${kind}.${group}`;
  const special: readonly FieldPath[] = Object.hasOwn(NEVER_TAKEN, name)
    ? NEVER_TAKEN[name as keyof typeof NEVER_TAKEN]
    : [];
  return [...NEVER_TAKEN.every, ...special].reduce((set, path) => without(set, path), fields);
}
