// Files and renders for the tests of this folder.

import { hash } from 'node:crypto';
import type { Manifest, Rendered, SourceFile } from '../../src/model/manifest.ts';
import type { RenderProblem } from '../../src/render/problem.ts';
import { finish, parse } from '../../src/render/render.ts';
import type { FinishOptions } from '../../src/render/render.ts';

export const APPLY_SET = 'applyset-test-v1';

export function file(path: string, text: string | Uint8Array): SourceFile {
  const content = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return { path, oid: hash('sha1', content), mode: '100644', content };
}

export function render(
  files: Record<string, string>,
  options: Partial<FinishOptions> = {},
): ReturnType<typeof finish> {
  return finish(parse(Object.entries(files).map(([path, text]) => file(path, text))), {
    settings: { defaultNamespace: 'shop' },
    applySet: APPLY_SET,
    hmacKey: new Uint8Array(32).fill(7),
    readHash: 'read',
    scopeOf: () => undefined,
    ...options,
  });
}

/** Of a render that must succeed. */
export function rendered(files: Record<string, string>, options: Partial<FinishOptions> = {}): Rendered {
  const result = render(files, options);
  if (result.kind === 'failed') throw new Error(JSON.stringify(result.problems));
  return result.rendered;
}

/** Of a render of one file that must succeed. */
export function manifests(text: string, options: Partial<FinishOptions> = {}): Manifest[] {
  return rendered({ 'a.yaml': text }, options).manifests;
}

/** Of a render that must fail. */
export function problems(files: Record<string, string>): RenderProblem[] {
  const result = render(files);
  if (result.kind === 'rendered')
    throw new Error(`rendered: ${result.rendered.manifests.map((m) => m.key).join()}`);
  return result.problems;
}

/** A Deployment whose pods have this spec (YAML, in flow style). */
export function deployment(podSpec: string, metadata = '{ name: web }'): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: ${metadata}\nspec: { template: { spec: ${podSpec} } }\n`;
}

export function configMap(name: string, data: string, annotations = '{}'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, annotations: ${annotations} }\ndata: ${data}\n`;
}
