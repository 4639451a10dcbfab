import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/model/manifest.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { finalise } from '../../src/plan/finalise.ts';

const PART_OF = 'applyset.kubernetes.io/part-of';
const CHECKSUM = 'pawl.dev/checksum';
const ADOPTED = 'pawl.dev/adopted';

function manifest(checksum?: Manifest['checksum']): Manifest {
  const id = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };
  return {
    id,
    key: 'shop/Deployment.apps/web',
    gvk: { group: 'apps', version: 'v1', kind: 'Deployment' },
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop', labels: { [PART_OF]: 'us' } },
      spec: { template: { metadata: { labels: { app: 'web' } }, spec: {} } },
    },
    origin: { file: 'deploy/web.yaml', document: 1, line: 1 },
    hash: 'h',
    checksum,
    stage: 0,
    policy: { prune: 'Default', rollback: 'Default', recreate: false, ignoreFields: [] },
  };
}

function live(of: { member?: boolean; template?: string; adopted?: string; cause?: string }): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: 'shop',
      labels: of.member === true ? { [PART_OF]: 'us' } : {},
      annotations: {
        ...(of.adopted !== undefined && { [ADOPTED]: of.adopted }),
        ...(of.cause !== undefined && { 'kubernetes.io/change-cause': of.cause }),
      },
    },
    spec: {
      template: { metadata: { annotations: of.template === undefined ? {} : { [CHECKSUM]: of.template } } },
    },
  };
}

function marks(object: KubeObject): { template: unknown; adopted: unknown } {
  const { template } = object.spec as { template: { metadata?: { annotations?: Record<string, string> } } };
  return {
    template: template.metadata?.annotations?.[CHECKSUM],
    adopted: object.metadata.annotations?.[ADOPTED],
  };
}

describe('the checksum of configuration', () => {
  const checksum = { config: 'c1', adoption: 'a1' };
  const cases: {
    name: string;
    live: KubeObject | undefined;
    want: { template?: string; adopted?: string };
  }[] = [
    { name: 'a new workload has it in its template', live: undefined, want: { template: 'c1' } },
    {
      name: 'one that others applied keeps its template, and the checksum is remembered beside it',
      live: live({}),
      want: { adopted: 'a1' },
    },
    {
      name: 'an adopted one stays as it is while configuration and template do',
      live: live({ member: true, adopted: 'a1' }),
      want: { adopted: 'a1' },
    },
    {
      name: 'the first change after adoption brings it into the template',
      live: live({ member: true, adopted: 'a0' }),
      want: { template: 'c1' },
    },
    {
      name: 'a workload of ours that begins to use configuration has it at once',
      live: live({ member: true }),
      want: { template: 'c1' },
    },
    {
      name: 'once in the template it follows the configuration',
      live: live({ member: true, template: 'c0' }),
      want: { template: 'c1' },
    },
    {
      name: 'a template that has one already is not adopted without it',
      live: live({ template: 'c0' }),
      want: { template: 'c1' },
    },
  ];
  test.each(cases)('$name', ({ live: object, want }) => {
    expect(marks(finalise(manifest(checksum), object))).toEqual({
      template: want.template,
      adopted: want.adopted,
    });
  });

  test('a workload without configuration has none', () => {
    expect(marks(finalise(manifest(), live({})))).toEqual({ template: undefined, adopted: undefined });
  });

  test('the manifest itself is not changed', () => {
    const given = manifest(checksum);
    const before = structuredClone(given);
    finalise(given, undefined, 'cause');
    expect(given).toEqual(before);
  });
});

describe('the change cause', () => {
  const cause = (object: KubeObject) => object.metadata.annotations?.['kubernetes.io/change-cause'];

  test('is the commit’s where the commit changed the object', () => {
    expect(cause(finalise(manifest(), live({ member: true, cause: 'old' }), 'new'))).toBe('new');
  });

  test('is kept where it did not', () => {
    expect(cause(finalise(manifest(), live({ member: true, cause: 'old' })))).toBe('old');
  });

  test('of an object that is not ours is left to who wrote it', () => {
    expect(cause(finalise(manifest(), live({ cause: 'theirs' })))).toBeUndefined();
  });
});
