// What a manifest says beside the desired state, taken away: fields that servers write (files are often
// exported from a cluster), and Secrets' write-only stringData, which would hide a change.

import { ANNOTATION } from '../model/app.ts';
import { gvkOf, type KubeObject, type ObjectMeta } from '../model/object.ts';
import { isMapping } from './compose.ts';

const SERVER_METADATA = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
  'generateName',
] as const;

const FOREIGN_ANNOTATIONS: ReadonlySet<string> = new Set([
  // A copy of the whole object, Secrets included.
  'kubectl.kubernetes.io/last-applied-configuration',
  // The Deployment controller's counter: owning it would be a fight.
  'deployment.kubernetes.io/revision',
  // Written by Pawl where the live object asks for it.
  ANNOTATION.adopted,
  ANNOTATION.changeCause,
  ANNOTATION.hookRun,
]);

export function normalise(object: KubeObject): KubeObject {
  const { status: _status, ...rest } = object;
  // A custom kind may have no status of the server's own: then it is a field like any other.
  const stated = isKubernetes(object) ? rest : object;
  const cleaned = withoutNullTimestamps({ ...stated, metadata: metadata(object.metadata) });
  return cleaned.apiVersion === 'v1' && cleaned.kind === 'Secret' ? withEncodedData(cleaned) : cleaned;
}

/** Kinds of Kubernetes' own groups keep their status apart, whatever a manifest says of it. */
function isKubernetes(object: KubeObject): boolean {
  const { group } = gvkOf(object);
  return !group.includes('.') || group.endsWith('.k8s.io');
}

function metadata(given: ObjectMeta): ObjectMeta {
  const kept: Record<string, unknown> = { ...given };
  for (const field of SERVER_METADATA) delete kept[field];
  for (const field of ['labels', 'annotations', 'namespace']) {
    if (kept[field] === null || kept[field] === '') delete kept[field];
  }
  if (isMapping(kept.annotations)) {
    const annotations = Object.entries(kept.annotations).filter(([name]) => !FOREIGN_ANNOTATIONS.has(name));
    if (annotations.length > 0) kept.annotations = Object.fromEntries(annotations);
    else delete kept.annotations;
  }
  return kept as ObjectMeta;
}

/** `creationTimestamp: null` of templates, which many generators write and no server keeps. */
function withoutNullTimestamps(object: KubeObject): KubeObject {
  return isMapping(object.spec) ? { ...object, spec: cleanedSpec(object.spec) } : object;
}

function cleanedSpec(spec: Record<string, unknown>): Record<string, unknown> {
  const cleaned = { ...spec };
  for (const field of ['template', 'jobTemplate']) {
    const template = cleaned[field];
    if (!isMapping(template)) continue;
    const inner = isMapping(template.spec) ? { spec: cleanedSpec(template.spec) } : {};
    cleaned[field] = { ...cleanedTemplate(template), ...inner };
  }
  if (Array.isArray(cleaned.volumeClaimTemplates)) {
    cleaned.volumeClaimTemplates = cleaned.volumeClaimTemplates.map((claim: unknown) =>
      isMapping(claim) ? cleanedTemplate(claim) : claim,
    );
  }
  return cleaned;
}

function cleanedTemplate(template: Record<string, unknown>): Record<string, unknown> {
  const meta = template.metadata;
  if (!isMapping(meta) || meta.creationTimestamp !== null) return template;
  const { creationTimestamp: _none, ...kept } = meta;
  return { ...template, metadata: kept };
}

/** The server does the same: stringData wins over data. */
function withEncodedData(secret: KubeObject): KubeObject {
  const { stringData, ...rest } = secret;
  if (!isMapping(stringData)) return rest;
  const encoded = Object.entries(stringData).map(([key, text]): [string, string] => [
    key,
    Buffer.from(typeof text === 'string' ? text : '', 'utf8').toString('base64'),
  ]);
  const data = { ...(isMapping(rest.data) ? rest.data : {}), ...Object.fromEntries(encoded) };
  return { ...rest, data };
}
