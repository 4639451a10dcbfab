// The last touches that depend on the live object.
//
// Configuration and pods: a pod template carries a checksum of the configuration it uses, so that a change of
// configuration rolls the pods. A workload that others applied before must not restart when Pawl takes it
// over, so at adoption the checksum is only remembered (in an annotation of the workload itself, which
// restarts nothing) and enters the template with the first change of its configuration or template.

import { ANNOTATION, APPLYSET } from '../model/app.ts';
import type { Manifest } from '../model/manifest.ts';
import type { KubeObject } from '../model/object.ts';

interface PodTemplate {
  metadata?: { annotations?: Record<string, string>; [field: string]: unknown };
  [field: string]: unknown;
}

/**
 * What is sent for a manifest. `changeCause` is given where this commit changed the object; elsewhere the
 * former one is kept, or server-side apply would remove it.
 */
export function finalise(manifest: Manifest, live: KubeObject | undefined, changeCause?: string): KubeObject {
  let object = manifest.object;
  const cause =
    changeCause ?? (isMember(live) ? live?.metadata.annotations?.[ANNOTATION.changeCause] : undefined);
  if (cause !== undefined) object = annotated(object, ANNOTATION.changeCause, cause);
  if (manifest.checksum === undefined) return object;
  return adopts(manifest.checksum.adoption, live)
    ? annotated(object, ANNOTATION.adopted, manifest.checksum.adoption)
    : withTemplateChecksum(object, manifest.checksum.config);
}

function adopts(adoption: string, live: KubeObject | undefined): boolean {
  if (live === undefined) return false;
  const template = templateOf(live);
  if (template?.metadata?.annotations?.[ANNOTATION.checksum] !== undefined) return false;
  const remembered = live.metadata.annotations?.[ANNOTATION.adopted];
  return remembered === undefined ? !isMember(live) : remembered === adoption;
}

function isMember(live: KubeObject | undefined): boolean {
  return live?.metadata.labels?.[APPLYSET.partOf] !== undefined;
}

function annotated(object: KubeObject, name: string, value: string): KubeObject {
  const annotations = { ...object.metadata.annotations, [name]: value };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function templateOf(object: KubeObject): PodTemplate | undefined {
  return (object.spec as { template?: PodTemplate } | undefined)?.template;
}

function withTemplateChecksum(object: KubeObject, checksum: string): KubeObject {
  const template = templateOf(object) ?? {};
  const annotations = { ...template.metadata?.annotations, [ANNOTATION.checksum]: checksum };
  const metadata = { ...template.metadata, annotations };
  return { ...object, spec: { ...(object.spec as object), template: { ...template, metadata } } };
}

/** `3f2a9c1 web 1.18`, one line: the value of `kubernetes.io/change-cause`. */
export function changeCauseOf(commit: string, subject: string): string {
  return `${commit} ${subject}`;
}
