import { expect, test } from 'vitest';
import type { Manifest } from '../../src/model/manifest.ts';
import { gvkOf, idOf, keyOf, type KubeObject } from '../../src/model/object.ts';
import type { Change, PlanItem } from '../../src/model/plan.ts';
import { awaitedOf, type StageFacts } from '../../src/loop/staging.ts';

function manifest(object: KubeObject): Manifest {
  return {
    id: idOf(object),
    key: keyOf(idOf(object)),
    gvk: gvkOf(object),
    object,
    origin: { file: 'a.yaml', document: 1, line: 1 },
    hash: 'hash',
    stage: 0,
    policy: { prune: 'Default', rollback: 'Default', recreate: false, ignoreFields: [] },
  };
}

function item(object: KubeObject, action: PlanItem['action'] = 'configure'): PlanItem {
  return { manifest: manifest(object), object, live: undefined, action, dryRun: 'passed' };
}

function deployment(name: string, podSpec: Record<string, unknown> = {}): KubeObject {
  const spec = { template: { spec: { containers: [{ name: 'main' }], ...podSpec } } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'shop' }, spec };
}

function core(kind: string, name: string, spec?: Record<string, unknown>): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name, namespace: 'shop' }, ...(spec && { spec }) };
}

function custom(kind: string, name: string, spec: Record<string, unknown>): KubeObject {
  return { apiVersion: 'cert-manager.io/v1', kind, metadata: { name, namespace: 'shop' }, spec };
}

const written = (object: KubeObject): Change => ({
  id: idOf(object),
  key: keyOf(idOf(object)),
  outcome: 'configured',
});
const facts = (more: Partial<StageFacts> = {}): StageFacts => ({
  changes: [],
  given: [],
  isAsHealthy: () => true,
  isRepeated: false,
  ...more,
});
const web = deployment('web');
const ingress = item(core('Service', 'last'));
const withSecret = deployment('web', { volumes: [{ name: 'tls', secret: { secretName: 'web-tls' } }] });
const certificate = custom('Certificate', 'web', { secretName: 'web-tls' });
const rollout = custom('ScaledObject', 'scaled', { scaleTargetRef: { name: 'web-config' } });
const withConfig = deployment('web', {
  containers: [{ name: 'main', envFrom: [{ configMapRef: { name: 'web-config' } }] }],
});

test.each([
  {
    name: 'what was written',
    stage: [item(web)],
    rest: [ingress],
    given: facts({ changes: [written(web)] }),
    want: ['web'],
  },
  {
    name: 'what differs from the healthy revision, though another release wrote it',
    stage: [item(web, 'unchanged')],
    rest: [ingress],
    given: facts({ isAsHealthy: () => false }),
    want: ['web'],
  },
  {
    name: 'what a former try of the release may have written',
    stage: [item(web, 'unchanged')],
    rest: [ingress],
    given: facts({ isRepeated: true }),
    want: ['web'],
  },
  {
    name: 'nothing that did not change',
    stage: [item(web, 'unchanged')],
    rest: [ingress],
    given: facts(),
    want: [],
  },
  {
    name: 'nothing where nothing comes after it',
    stage: [item(web)],
    rest: [item(core('Service', 'last'), 'unchanged')],
    given: facts({ changes: [written(web)] }),
    want: [],
  },
  {
    name: 'no load balancer, whose address may take minutes',
    stage: [
      item(core('Service', 'lb', { type: 'LoadBalancer' })),
      item(core('Service', 'web', { type: 'ClusterIP' })),
    ],
    rest: [item(web)],
    given: facts({ isAsHealthy: () => false }),
    want: ['web'],
  },
  {
    name: 'no workload whose Secret a certificate of a later stage makes',
    stage: [item(withSecret)],
    rest: [item(certificate, 'create')],
    given: facts({ changes: [written(withSecret)] }),
    want: [],
  },
  {
    name: 'a workload whose Secret was made by what is applied already',
    stage: [item(withSecret)],
    rest: [item(certificate, 'unchanged'), ingress],
    given: facts({ changes: [written(withSecret)] }),
    want: ['web'],
  },
  {
    name: 'a workload whose configuration the App itself brings, whoever else speaks of that name',
    stage: [item(withConfig)],
    rest: [item(rollout, 'create')],
    given: facts({ changes: [written(withConfig)], given: [core('ConfigMap', 'web-config')] }),
    want: ['web'],
  },
])('before the next stage is waited for: $name', ({ stage, rest, given, want }) => {
  expect(awaitedOf(stage, rest, given).map(({ id }) => id.name)).toEqual(want);
});
