import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { differences, managerOf, ownFields, valuesOf } from '../../src/plan/fields.ts';

const FIELDS = {
  'f:metadata': {
    'f:labels': { 'f:app.kubernetes.io/name': {} },
    'f:annotations': { 'f:kubernetes.io/change-cause': {} },
  },
  'f:spec': {
    'f:replicas': {},
    'f:template': {
      'f:spec': {
        'f:containers': {
          'k:{"name":"web"}': {
            '.': {},
            'f:image': {},
            'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
          },
        },
      },
    },
    'f:finalizers': { 'v:"a/b"': {} },
  },
};

function deployment(
  change: { image?: string; replicas?: number; containers?: unknown[]; finalizers?: string[] } = {},
): KubeObject {
  const container = {
    name: 'web',
    image: change.image ?? 'web:1',
    imagePullPolicy: 'Always',
    ports: [{ containerPort: 80, protocol: 'TCP' }],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      labels: { 'app.kubernetes.io/name': 'web' },
      annotations: { 'kubernetes.io/change-cause': 'x' },
    },
    spec: {
      replicas: change.replicas ?? 3,
      finalizers: change.finalizers ?? ['a/b'],
      template: { spec: { containers: change.containers ?? [container] } },
    },
  };
}

const desired = valuesOf(deployment(), FIELDS);

describe('drift of owned fields', () => {
  const cases: { name: string; found: KubeObject; want: [string, unknown, unknown][] }[] = [
    { name: 'the same object has none', found: deployment(), want: [] },
    {
      name: 'a changed number is named with both values',
      found: deployment({ replicas: 1 }),
      want: [['spec.replicas', 3, 1]],
    },
    {
      name: 'a field of a list entry is named by the entry’s key',
      found: deployment({ image: 'web:2' }),
      want: [['spec.template.spec.containers[name=web].image', 'web:1', 'web:2']],
    },
    {
      name: 'a field that nobody set for us is none of our business',
      found: {
        ...deployment(),
        spec: { ...(deployment().spec as object), paused: true, strategy: { type: 'Recreate' } },
      },
      want: [],
    },
    {
      name: 'the order of list entries does not matter',
      found: deployment({
        containers: [
          { name: 'sidecar', image: 's:1' },
          { name: 'web', image: 'web:1', ports: [{ protocol: 'TCP', containerPort: 80 }] },
        ],
      }),
      want: [],
    },
    {
      name: 'a removed member of a set is named',
      found: deployment({ finalizers: [] }),
      want: [['spec.finalizers["a/b"]', 'a/b', undefined]],
    },
    {
      name: 'the change cause never counts',
      found: {
        ...deployment(),
        metadata: { ...deployment().metadata, annotations: { 'kubernetes.io/change-cause': 'y' } },
      },
      want: [],
    },
  ];
  test.each(cases)('$name', ({ found, want }) => {
    const drifts = differences(desired, valuesOf(found, FIELDS), false);
    expect(drifts.map(({ path, desired: was, found: is }) => [path, was, is])).toEqual(want);
  });

  test('a removed list entry is missing as a whole', () => {
    const drifts = differences(desired, valuesOf(deployment({ containers: [] }), FIELDS), false);
    expect(drifts.map(({ path }) => path)).toContain('spec.template.spec.containers[name=web]{}');
  });

  test('values of a Secret are never told, in no form', () => {
    const fields = { 'f:data': { 'f:password': {} } };
    const secret = (password: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      data: { password },
    });
    const drifts = differences(valuesOf(secret('b2xk'), fields), valuesOf(secret('bmV3'), fields), true);
    expect(drifts).toEqual([{ path: 'data.password', desired: undefined, found: undefined }]);
    expect(JSON.stringify(drifts)).not.toMatch(/b2xk|bmV3/);
  });
});

describe('whose change it was', () => {
  const entry = (manager: string, time: string, fieldsV1: Record<string, unknown>, subresource?: string) =>
    ({ manager, time, fieldsV1, operation: 'Update', subresource }) as const;

  test('the manager that owns the field now, not the newest one', () => {
    const object = deployment();
    object.metadata.managedFields = [
      { manager: 'pawl', operation: 'Apply', time: '2026-01-03T00:00:00Z', fieldsV1: {} },
      entry('kubectl-scale', '2026-01-01T00:00:00Z', { 'f:spec': { 'f:replicas': {} } }),
      entry('other', '2026-01-02T00:00:00Z', { 'f:spec': { 'f:paused': {} } }),
    ];
    expect(managerOf(object, 'spec.replicas')).toBe('kubectl-scale');
  });

  test('the newest other one where nobody owns the field any more', () => {
    const object = deployment();
    object.metadata.managedFields = [
      entry('old', '2026-01-01T00:00:00Z', {}),
      entry('kubectl-edit', '2026-01-02T00:00:00Z', {}),
      entry('kube-controller-manager', '2026-01-03T00:00:00Z', {}, 'status'),
    ];
    expect(managerOf(object, 'spec.replicas')).toBe('kubectl-edit');
  });

  test('another tool’s fields are not taken for ours', () => {
    const object = deployment();
    object.metadata.managedFields = [
      { manager: 'pawl', operation: 'Update', fieldsV1: { 'f:spec': {} } },
      { manager: 'pawl', operation: 'Apply', subresource: 'status', fieldsV1: { 'f:status': {} } },
    ];
    expect(ownFields(object)).toBeUndefined();
  });
});
