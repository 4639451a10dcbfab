// Documents → Kubernetes objects: everything that must be right before a scope or a server is asked.

import type { Origin } from '../model/manifest.ts';
import { gvkOf, idOf } from '../model/object.ts';
import type { KubeObject } from '../model/object.ts';
import { isMapping } from './compose.ts';
import type { Document } from './documents.ts';
import { keyedListProblems } from './keyed-lists.ts';
import { podTemplateOf } from './pod.ts';
import { policyOf } from './policy.ts';
import type { Policy } from './policy.ts';
import { quoted } from './problem.ts';
import type { ProblemCode, RenderProblem } from './problem.ts';

export interface ParsedObject {
  object: KubeObject;
  origin: Origin;
  policy: Policy;
}

interface Complaint {
  code?: ProblemCode;
  message: string;
  hint?: string;
}

const API_VERSION = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const KIND = /^[A-Za-z][A-Za-z0-9]{0,62}$/;
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
/** Groups whose every kind takes DNS names only. Others, such as RBAC's, take any part of a path. */
const DNS_GROUPS: ReadonlySet<string> = new Set(['', 'apps', 'batch', 'autoscaling', 'policy']);

/** The object, or one problem per mistake. */
export function toObject(document: Document): ParsedObject | RenderProblem[] {
  const { value, origin } = document;
  const problem = (complaint: Complaint): RenderProblem => ({
    code: complaint.code ?? 'InvalidObject',
    ...origin,
    message: complaint.message,
    hint: complaint.hint,
  });
  const shape = shapeOf(value);
  if (shape !== undefined) return [problem(shape)];
  const object = value as KubeObject;
  const id = idOf(object);
  const { policy, complaints } = policyOf(object);
  const all = [
    ...complaints.map((message): Complaint => ({ code: 'InvalidAnnotation', message })),
    ...dataComplaints(object),
    ...templateComplaints(object),
    ...keyedListProblems(object).map((message): Complaint => ({ message })),
  ];
  if (all.length === 0) return { object, origin, policy };
  const title = `${object.kind} ${quoted(object.metadata.name)}`;
  return all.map((each) => ({ ...problem({ ...each, message: `${title}: ${each.message}` }), object: id }));
}

/** The first thing that makes it no object; what follows would only repeat it. */
function shapeOf(value: Record<string, unknown>): Complaint | undefined {
  const { apiVersion, kind, metadata } = value;
  for (const [field, given, pattern] of [
    ['apiVersion', apiVersion, API_VERSION],
    ['kind', kind, KIND],
  ] as const) {
    if (given === undefined || given === null || given === '') return { message: `${field} is missing` };
    if (typeof given !== 'string') return { message: `${field} is ${typeName(given)}: quote it` };
    if (!pattern.test(given)) return { message: `${field} ${quoted(given)} is not one that can exist` };
  }
  if (String(apiVersion).startsWith('kustomize.config.k8s.io/')) {
    return { code: 'NotSupported', message: 'kustomizations are not rendered by this version of Pawl' };
  }
  if (!isMapping(metadata)) return { message: 'metadata is missing' };
  if (isMapping(value.sops)) {
    return { code: 'NotSupported', message: 'encrypted with SOPS, which this version of Pawl cannot read' };
  }
  return (
    nameComplaint(gvkOf({ apiVersion: String(apiVersion), kind: String(kind) }), metadata) ??
    metaComplaint('metadata', metadata)
  );
}

function nameComplaint(
  gvk: { group: string; kind: string },
  metadata: Record<string, unknown>,
): Complaint | undefined {
  const { name, namespace, generateName } = metadata;
  if (name === undefined || name === null || name === '') {
    return generateName === undefined
      ? { message: 'metadata.name is missing' }
      : { message: 'metadata.generateName would make a new object each time', hint: 'give it a name' };
  }
  if (typeof name !== 'string') return { message: `metadata.name is ${typeName(name)}: quote it` };
  if (!isName(gvk, name))
    return { message: `metadata.name ${quoted(name)} is not a name that ${gvk.kind} takes` };
  if (namespace === undefined || namespace === null || namespace === '') return undefined;
  if (typeof namespace !== 'string')
    return { message: `metadata.namespace is ${typeName(namespace)}: quote it` };
  return DNS_LABEL.test(namespace)
    ? undefined
    : { message: `metadata.namespace ${quoted(namespace)} is not the name of a namespace` };
}

function isName({ group, kind }: { group: string; kind: string }, name: string): boolean {
  if (group === '' && kind === 'Namespace') return DNS_LABEL.test(name);
  if (DNS_GROUPS.has(group)) return DNS_SUBDOMAIN.test(name);
  return name !== '.' && name !== '..' && /^(?=[^/%]+$)[\x20-\x7e]{1,253}$/.test(name);
}

function metaComplaint(path: string, metadata: Record<string, unknown>): Complaint | undefined {
  for (const field of ['labels', 'annotations'] as const) {
    const map = metadata[field];
    if (map === undefined || map === null) continue;
    if (!isMapping(map)) return { message: `${path}.${field} must be a mapping` };
    for (const [key, value] of Object.entries(map)) {
      if (typeof value === 'string') continue;
      return {
        message: `${path}.${field} ${quoted(key)} is ${typeName(value)}, not a text`,
        hint: value === null ? 'remove it or write ""' : 'quote it',
      };
    }
  }
  return undefined;
}

function templateComplaints(object: KubeObject): Complaint[] {
  const metadata = podTemplateOf(object)?.metadata;
  const complaint = isMapping(metadata) ? metaComplaint("the pod template's metadata", metadata) : undefined;
  return complaint === undefined ? [] : [complaint];
}

/** The values of ConfigMaps and Secrets are texts; the server would say so without naming the key. */
function dataComplaints(object: KubeObject): Complaint[] {
  const fields = object.apiVersion !== 'v1' ? [] : (DATA_FIELDS.get(object.kind) ?? []);
  const complaints: Complaint[] = [];
  for (const field of fields) {
    const map = object[field];
    if (map === undefined || map === null) continue;
    if (!isMapping(map)) {
      complaints.push({ message: `${field} must be a mapping` });
      continue;
    }
    for (const [key, value] of Object.entries(map)) {
      if (typeof value === 'string' || value === null) continue;
      complaints.push({
        message: `${field} ${quoted(key)} is ${typeName(value)}, not a text`,
        hint: 'quote it',
      });
    }
  }
  return complaints;
}

const DATA_FIELDS = new Map([
  ['ConfigMap', ['data', 'binaryData']],
  ['Secret', ['data', 'stringData']],
]);

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  return typeof value === 'boolean' ? 'true or false' : typeof value === 'string' ? 'a text' : 'a number';
}
