import { expect, test } from 'vitest';
import type { Manifest } from '../../src/model/manifest.ts';
import { idOf, keyOf, type KubeObject } from '../../src/model/object.ts';
import type { Change, PlanItem } from '../../src/model/plan.ts';
import { gateOf, type StageFacts } from '../../src/loop/staging.ts';
import { manifestOf } from '../plan/manifest.ts';

function item(
  object: KubeObject,
  action: PlanItem['action'] = 'configure',
  more: Partial<Manifest> = {},
): PlanItem {
  return { manifest: manifestOf(object, more), object, live: undefined, action, dryRun: 'passed' };
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
])('before the next class of kinds is waited for: $name', ({ stage, rest, given, want }) => {
  const gate = gateOf({ before: [], stage, rest }, given);
  expect(gate.manifests.map(({ id }) => id.name)).toEqual(want);
  expect(gate.isFinal).toBe(false);
});

const inStage = (stage: number, object: KubeObject, action: PlanItem['action'] = 'configure') =>
  item(object, action, { stage });
const migrate = item(
  { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate', namespace: 'shop' } },
  'create',
  {
    policy: {
      prune: 'Default',
      rollback: 'Default',
      recreate: false,
      ignoreFields: [],
      hook: { when: 'pre', always: false },
    },
  },
);
const webhook: KubeObject = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'checks' },
};
const config = core('ConfigMap', 'config');
const all = facts({ isAsHealthy: () => false });

test.each([
  {
    name: 'another class of kinds of the same number is a courtesy',
    before: [item(config)],
    stage: [item(web)],
    rest: [ingress, inStage(1, config)],
    want: { names: ['web'], isFinal: false },
  },
  {
    name: 'another number is final, for all of this number, whatever was let through within it',
    before: [item(core('PersistentVolumeClaim', 'data')), item(web)],
    stage: [item(core('Service', 'last'), 'unchanged')],
    rest: [inStage(1, config)],
    want: { names: ['data', 'web', 'last'], isFinal: true },
  },
  {
    name: 'webhooks are final, for all that answers them: they stand in the way of every later write',
    before: [item(web)],
    stage: [ingress],
    rest: [item(webhook)],
    want: { names: ['web', 'last'], isFinal: true },
  },
  {
    name: 'webhooks that stay as they are do not count',
    before: [],
    stage: [item(web)],
    rest: [item(webhook, 'unchanged')],
    want: { names: [], isFinal: false },
  },
  {
    name: 'what only another number needs is waited for at the end of this one',
    before: [],
    stage: [item(web)],
    rest: [item(core('Service', 'last'), 'unchanged'), inStage(1, config)],
    want: { names: [], isFinal: false },
  },
  {
    name: 'a hook is final within its number, and waits for nothing else',
    before: [item(config)],
    stage: [migrate],
    rest: [item(web)],
    want: { names: ['migrate'], isFinal: true },
  },
  {
    name: 'a hook that ends its number is waited for with the rest of it',
    before: [item(config)],
    stage: [migrate],
    rest: [inStage(1, web)],
    want: { names: ['migrate', 'config'], isFinal: true },
  },
  {
    name: 'the end is for the last wait',
    before: [item(config)],
    stage: [item(web)],
    rest: [],
    want: { names: [], isFinal: true },
  },
])('between stages: $name', ({ before, stage, rest, want }) => {
  const { manifests, isFinal } = gateOf({ before, stage, rest }, all);
  expect({ names: manifests.map(({ id }) => id.name), isFinal }).toEqual(want);
});
