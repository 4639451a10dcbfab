import { expect, test } from 'vitest';
import { makeMembers } from '../../../src/adapters/cluster/members.ts';
import { APPLYSET } from '../../../src/model/app.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { auditMark } from '../../support/audit.ts';
import { testCluster } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import {
  CONFIG_MAP,
  SECRET,
  adminBinding,
  configMap,
  endAfterEach,
  kubeconfigWithToken,
  never,
  open,
} from './setup.ts';

endAfterEach();

/** A namespace with an account that may do everything there. */
async function home(prefix: string) {
  const shared = await testCluster();
  const namespace = await shared.freshNamespace(prefix);
  await shared.serviceAccountToken(namespace, 'deployer');
  await shared.apply(adminBinding(namespace, 'deployer'));
  return { shared, namespace, account: { namespace, name: 'deployer' } };
}

const member = (namespace: string, name: string, applySet: string, data = {}): KubeObject =>
  configMap(namespace, name, data, { [APPLYSET.partOf]: applySet });
const names = (objects: KubeObject[]) => objects.map((each) => each.metadata.name).toSorted();
const idOfMap = (namespace: string, name: string) => ({ group: '', kind: 'ConfigMap', namespace, name });

test('one watch serves all Apps, and each is told of its own members', async () => {
  const { shared, namespace, account } = await home('members');
  await shared.apply(
    member(namespace, 'a1', 'a'),
    member(namespace, 'b1', 'b'),
    configMap(namespace, 'foreign'),
  );
  const { cluster, asked } = await open();
  const members = makeMembers(cluster);
  const mark = await auditMark();
  const what = { kinds: [CONFIG_MAP], namespaces: [namespace], account };
  await Promise.all([members.cover('a', what, never), members.cover('b', what, never)]);
  await eventually(async () => {
    expect((await asked(mark)).filter((event) => event.verb === 'watch')).toHaveLength(1);
  });
  expect(members.size()).toBe(1);
  expect(names(members.of('a'))).toEqual(['a1']);
  expect(names(members.of('b'))).toEqual(['b1']);
  expect(members.get(idOfMap(namespace, 'b1'))).toBeDefined();
  expect(members.get(idOfMap(namespace, 'foreign'))).toBeUndefined();

  const told: string[] = [];
  members.subscribe('a', ({ kind, object }) => told.push(`a ${kind} ${object.metadata.name}`));
  const unsubscribe = members.subscribe('b', ({ kind, object }) =>
    told.push(`b ${kind} ${object.metadata.name}`),
  );
  await shared.apply(member(namespace, 'a2', 'a'));
  await eventually(() => expect(told).toEqual(['a set a2']));

  // From one App to another, and out of all.
  await shared.kubectl(['label', 'configmap', 'a1', `${APPLYSET.partOf}=b`, '--overwrite', '-n', namespace]);
  await eventually(() => expect(told.slice(1).toSorted()).toEqual(['a gone a1', 'b set a1']));
  expect(names(members.of('a'))).toEqual(['a2']);
  expect(names(members.of('b'))).toEqual(['a1', 'b1']);
  await shared.kubectl(['label', 'configmap', 'a1', `${APPLYSET.partOf}-`, '-n', namespace]);
  await eventually(() => expect(told.at(-1)).toBe('b gone a1'));
  unsubscribe();
  await shared.kubectl(['delete', 'configmap', 'b1', 'a2', '-n', namespace]);
  await eventually(() => expect(told.at(-1)).toBe('a gone a2'));
  expect(told).not.toContain('b gone b1');
  await eventually(() => expect(members.of('b')).toEqual([]));
});

test('Secrets are watched as the service account, in the namespaces that were named', async () => {
  const { shared, namespace, account } = await home('secrets');
  const labels = { [APPLYSET.partOf]: 's' };
  await shared.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: 'mine', labels } });
  await shared.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'default', name: `not-${namespace}`, labels },
  });
  const { cluster, asked } = await open();
  const members = makeMembers(cluster);
  const mark = await auditMark();
  await members.cover('s', { kinds: [SECRET], namespaces: [namespace], account }, never);
  expect(names(members.of('s'))).toEqual(['mine']);
  const requests = (await asked(mark)).filter((event) => event.resource === 'secrets');
  expect(requests.length).toBeGreaterThan(0);
  expect(new Set(requests.map((event) => `${event.namespace} ${event.impersonatedUser}`))).toEqual(
    new Set([`${namespace} system:serviceaccount:${namespace}:deployer`]),
  );
  await shared.kubectl(['delete', 'secret', `not-${namespace}`, '-n', 'default']);
});

test('a kind that Pawl may not read is watched as the service account', async () => {
  const { shared, namespace, account } = await home('narrow');
  // A Pawl that may impersonate, and read nothing.
  const token = await shared.serviceAccountToken(namespace, 'pawl');
  const rules = [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] }];
  const role = {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: `impersonate-${namespace}`,
  };
  await shared.apply(
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: role.name }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: role.name },
      roleRef: role,
      subjects: [{ kind: 'ServiceAccount', namespace, name: 'pawl' }],
    },
    member(namespace, 'n1', 'n'),
  );
  const { cluster } = await open({ connect: { kubeconfig: await kubeconfigWithToken(token) } });
  const members = makeMembers(cluster);
  await eventually(() =>
    members.cover('n', { kinds: [CONFIG_MAP], namespaces: [namespace], account }, never),
  );
  expect(names(members.of('n'))).toEqual(['n1']);
  expect(members.size()).toBe(1);
  const refused = members.cover(
    'm',
    { kinds: [CONFIG_MAP], namespaces: [namespace], account: { namespace, name: 'none' } },
    never,
  );
  await expect(refused).rejects.toMatchObject({ status: 403 });
  await shared.kubectl(['delete', 'clusterrole,clusterrolebinding', role.name]);
});

test('a kind that is not served has no members', async () => {
  const { namespace, account } = await home('unserved');
  const { cluster } = await open();
  const members = makeMembers(cluster);
  const kinds = [{ group: 'no.such', version: 'v1', kind: 'Thing' }];
  await members.cover('u', { kinds, namespaces: [namespace], account }, never);
  expect(members.of('u')).toEqual([]);
});

test('an own answer is seen at once, and one that has lost the label is gone', async () => {
  const { namespace, account } = await home('answer');
  const { cluster } = await open();
  const members = makeMembers(cluster);
  const applySet = `o-${namespace}`;
  await members.cover(applySet, { kinds: [CONFIG_MAP], namespaces: [namespace], account }, never);
  const told: string[] = [];
  members.subscribe(applySet, ({ kind, object }) => told.push(`${kind} ${object.metadata.name}`));
  const api = cluster.as(account);
  members.observe(await api.apply(member(namespace, 'o1', applySet), { dryRun: false }, never));
  expect(names(members.of(applySet))).toEqual(['o1']);
  members.observe(await api.apply(configMap(namespace, 'o1'), { dryRun: false }, never));
  expect(members.of(applySet)).toEqual([]);
  expect(told).toEqual(['set o1', 'gone o1']);
});

test('what no App asks for is no longer watched', async () => {
  const { namespace, account } = await home('release');
  const { cluster } = await open();
  const members = makeMembers(cluster);
  const what = { kinds: [CONFIG_MAP, SECRET], namespaces: [namespace], account };
  await members.cover('a', what, never);
  await members.cover('b', { ...what, kinds: [CONFIG_MAP] }, never);
  expect(members.size()).toBe(2);
  members.release('a');
  expect(members.size()).toBe(1);
  members.release('b');
  members.release('b');
  expect(members.size()).toBe(0);
});

test('a kind or namespace that an App uses no more is no longer watched for it', async () => {
  const { namespace, account } = await home('retain');
  const { shared, namespace: other } = await home('retain-other');
  await shared.apply(adminBinding(other, 'deployer', namespace));
  const { cluster } = await open();
  const members = makeMembers(cluster);
  const what = { kinds: [CONFIG_MAP, SECRET], namespaces: [namespace, other], account };
  await eventually(() => members.cover('a', what, never));
  await members.cover('b', { ...what, kinds: [CONFIG_MAP], namespaces: [namespace] }, never);
  expect(members.size()).toBe(3);
  members.retain('a', [CONFIG_MAP, SECRET], [namespace]);
  expect(members.size()).toBe(2);
  members.retain('a', [SECRET], [namespace]);
  expect(members.size()).toBe(2);
  members.retain('b', [], [namespace]);
  expect(members.size()).toBe(1);
  const told: string[] = [];
  members.subscribe('a', ({ object }) => told.push(object.metadata.name));
  const labels = { [APPLYSET.partOf]: 'a' };
  await shared.apply(member(namespace, 'unseen', 'a'));
  await shared.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: 'seen', labels } });
  await eventually(() => expect(told).toEqual(['seen']));
});

test('an App whose service account changes sees what the new one sees', async () => {
  const { shared, namespace, account } = await home('account');
  const { cluster } = await open();
  const members = makeMembers(cluster);
  const what = { kinds: [SECRET], namespaces: [namespace], account };
  const labels = { [APPLYSET.partOf]: 'x' };
  await shared.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: 'mine', labels } });
  await members.cover('x', what, never);
  expect(names(members.of('x'))).toEqual(['mine']);
  const changed = members.cover('x', { ...what, account: { namespace, name: 'other' } }, never);
  await expect(changed).rejects.toMatchObject({ status: 403 });
  expect(members.of('x')).toEqual([]);
});
