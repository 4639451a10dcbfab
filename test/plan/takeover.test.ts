// Which entries of managedFields are taken over, and what of them.
import { describe, expect, test } from 'vitest';
import { parseFieldPath } from '../../src/model/field-path.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../src/model/object.ts';
import { formerTools, handOverPatch, isAdopted, isDeployTool } from '../../src/plan/takeover.ts';

const PART_OF = 'applyset.kubernetes.io/part-of';
const id = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };

function entry(
  manager: string,
  fields: Record<string, unknown>,
  more: Partial<ManagedFieldsEntry> = {},
): ManagedFieldsEntry {
  return {
    manager,
    operation: 'Update',
    apiVersion: 'apps/v1',
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...more,
  };
}

const pawl = (fields: Record<string, unknown>) => entry('pawl', fields, { operation: 'Apply' });

function live(managedFields: ManagedFieldsEntry[], metadata: object = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', resourceVersion: '7', managedFields, ...metadata },
  };
}

/** The entries that an adoption would leave, by manager; undefined: nothing is patched. */
function adopted(managedFields: ManagedFieldsEntry[], left: string[] = [], of = id) {
  const paths = left.map(parseFieldPath).filter((path) => path !== undefined);
  const patch = handOverPatch(of, live(managedFields), { adopt: true, left: paths });
  const value = patch?.find(({ path }) => path === '/metadata/managedFields')?.value as
    | ManagedFieldsEntry[]
    | undefined;
  return value?.map(({ manager, operation, apiVersion, fieldsV1 }) => [
    `${manager} ${operation} ${apiVersion}`,
    fieldsV1,
  ]);
}

test.each([
  ['kubectl-client-side-apply', true],
  ['kubectl-edit', true],
  ['before-first-apply', true],
  ['helm', true],
  ['kustomize-controller', true],
  ['argocd-controller', true],
  ['terraform-provider-helm_v2.17.0_x5', true],
  ['pulumi-kubernetes-3f2a9c', true],
  ['kubectl-rollout', false],
  ['kubectl-label', false],
  ['kube-controller-manager', false],
  ['cert-manager-certificates-issuing', false],
  ['helmsman-of-somebody', false],
  ['', false],
])('%s is a deploy tool: %j', (manager, want) => expect(isDeployTool(manager)).toBe(want));

describe('an object is adopted', () => {
  test.each([
    { name: 'which nobody labelled', given: live([]), want: true },
    {
      name: 'which has our label by another hand',
      given: live([], { labels: { [PART_OF]: 'us' } }),
      want: true,
    },
    {
      name: 'not when it is a member, whatever people did to it',
      given: live([pawl({ 'f:a': {} }), entry('kubectl-edit', { 'f:b': {} })], {
        labels: { [PART_OF]: 'us' },
      }),
      want: false,
    },
    { name: 'not when there is none', given: undefined, want: false },
  ])('$name', ({ given, want }) => expect(isAdopted(given)).toBe(want));
});

describe('of an adopted object', () => {
  const cases: {
    name: string;
    given: ManagedFieldsEntry[];
    left?: string[];
    of?: typeof id;
    want: ReturnType<typeof adopted>;
  }[] = [
    { name: 'nothing is taken from controllers', given: [entry('hpa', { 'f:spec': {} })], want: undefined },
    {
      name: 'nothing is taken of a subresource',
      given: [entry('kubectl', { 'f:spec': { 'f:replicas': {} } }, { subresource: 'scale' })],
      want: undefined,
    },
    {
      name: 'entries of several tools become one, beside the others',
      given: [
        entry('kubectl-rollout', { 'f:r': {} }),
        entry('kubectl-client-side-apply', { 'f:a': {} }),
        entry('kustomize-controller', { 'f:b': {} }, { operation: 'Apply' }),
      ],
      want: [
        ['pawl Apply apps/v1', { 'f:a': {}, 'f:b': {} }],
        ['kubectl-rollout Update apps/v1', { 'f:r': {} }],
      ],
    },
    {
      name: 'what is left to others is nobody’s afterwards',
      given: [entry('helm', { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } })],
      left: ['spec.replicas'],
      want: [['pawl Apply apps/v1', { 'f:spec': { 'f:paused': {} } }]],
    },
    {
      name: 'finalizers, owners and a status are nobody’s either',
      given: [
        entry('before-first-apply', {
          'f:metadata': {
            'f:finalizers': { '.': {}, 'v:"x"': {} },
            'f:ownerReferences': {},
            'f:labels': { 'f:a': {} },
          },
          'f:status': { 'f:replicas': {} },
        }),
      ],
      want: [['pawl Apply apps/v1', { 'f:metadata': { 'f:labels': { 'f:a': {} } } }]],
    },
    {
      name: 'so is what the server put into a claim',
      of: { group: '', kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data' },
      given: [entry('before-first-apply', { 'f:spec': { 'f:volumeName': {}, 'f:resources': {} } })],
      want: [['pawl Apply apps/v1', { 'f:spec': { 'f:resources': {} } }]],
    },
    {
      name: 'an entry of another version gives its metadata only',
      given: [
        entry('helm', { 'f:spec': { 'f:one': {}, 'f:two': {}, 'f:three': {}, 'f:four': {} } }),
        entry(
          'kubectl-edit',
          { 'f:metadata': { 'f:labels': {} }, 'f:spec': {} },
          { apiVersion: 'apps/v1beta1' },
        ),
      ],
      want: [
        [
          'pawl Apply apps/v1',
          {
            'f:spec': { 'f:one': {}, 'f:two': {}, 'f:three': {}, 'f:four': {} },
            'f:metadata': { 'f:labels': {} },
          },
        ],
      ],
    },
    {
      name: 'an entry without anything in it is no hindrance',
      given: [{ manager: 'helm', operation: 'Update' }, { manager: 'kubectl-edit' }],
      want: [],
    },
  ];
  test.each(cases)('$name', ({ given, left, of, want }) => expect(adopted(given, left, of)).toEqual(want));

  test('kubectl’s copy of the manifest goes, and the version that was read is named', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    const given = live([entry('helm', { 'f:a': {} })], { annotations });
    expect(handOverPatch(id, given, { adopt: true, left: [] })).toMatchObject([
      { op: 'remove', path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration' },
      { op: 'replace', path: '/metadata/managedFields' },
      { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
    ]);
    expect(formerTools(given)).toEqual(['helm']);
  });
});

test('of a member only what is left to others is given up, and nothing is asked where there is nothing to give', () => {
  const left = [parseFieldPath('spec.replicas')].filter((path) => path !== undefined);
  const given = live([
    pawl({ 'f:spec': { 'f:replicas': {}, 'f:x': {} } }),
    entry('kubectl-edit', { 'f:b': {} }),
  ]);
  expect(handOverPatch(id, given, { adopt: false, left })?.[0]?.value).toMatchObject([
    { manager: 'pawl', fieldsV1: { 'f:spec': { 'f:x': {} } } },
    { manager: 'kubectl-edit' },
  ]);
  const none = live([pawl({ 'f:spec': { 'f:x': {} } })]);
  expect(handOverPatch(id, none, { adopt: false, left })).toBeUndefined();
});
