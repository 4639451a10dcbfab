import { expect, test } from 'vitest';
import { DEMO_LABEL, isClusterScoped, objectsToInstall } from '../../src/demo/manifests.ts';

const root = new URL('../../', import.meta.url).pathname;
const moved = objectsToInstall(root, { agent: 'pawl-demo', app: 'pawl-demo-shop' });

test('the definition, the namespaces and the rights are installed; the Deployment is not', () => {
  const kinds = new Set(moved.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([
    'ClusterRole',
    'ClusterRoleBinding',
    'CustomResourceDefinition',
    'Namespace',
    'Role',
    'RoleBinding',
    'ServiceAccount',
  ]);
});

test('on a cluster of the user’s choice nothing is in, or about, a namespace that is not the demo’s', () => {
  const text = JSON.stringify(moved.map((object) => ({ ...object, spec: undefined })));
  expect(text).not.toMatch(/"(namespace|name)":"(pawl-system|shop)"/);
  const namespaces = moved.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
  expect(namespaces).toEqual(['pawl-demo', 'pawl-demo-shop']);
  for (const { metadata } of moved) {
    if (metadata.namespace !== undefined) expect(namespaces).toContain(metadata.namespace);
  }
});

test('everything carries the label by which it can be found again', () => {
  for (const { metadata } of moved) expect(metadata.labels).toMatchObject({ [DEMO_LABEL]: 'true' });
});

test('what is not removed with a namespace is told apart', () => {
  const kinds = new Set(moved.filter(isClusterScoped).map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([
    'ClusterRole',
    'ClusterRoleBinding',
    'CustomResourceDefinition',
    'Namespace',
  ]);
});

test('in a control plane of its own everything keeps its name', () => {
  const own = objectsToInstall(root, { agent: 'pawl-system', app: 'shop' });
  expect(own.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name)).toEqual([
    'pawl-system',
    'shop',
  ]);
});
