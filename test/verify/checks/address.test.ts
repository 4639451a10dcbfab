import { describe, expect, test } from 'vitest';
import { APPLYSET } from '../../../src/model/app.ts';
import type { HttpCheck } from '../../../src/model/checks.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { addressOf } from '../../../src/verify/checks/address.ts';
import { checksRefused } from '../../../src/verify/checks/refusal.ts';
import { manifestOf } from '../scene.ts';
import { errors, smoke } from './checks.ts';

const spec = { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };

function service(more: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', labels: { [APPLYSET.partOf]: 'ours' } },
    spec: { ...spec, ...more },
  };
}

const slice: KubeObject = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'x', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
};
const endpoints: KubeObject = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'web', namespace: 'shop' },
};
const job: KubeObject = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'v', namespace: 'shop' } };

describe('what a commit must hold for an http check', () => {
  test.for<{ name: string; given: KubeObject[]; check?: Partial<HttpCheck>; want: string | undefined }>([
    { name: 'a Service that selects pods', given: [service()], want: undefined },
    { name: 'its port by name', given: [service()], check: { port: 'http' }, want: undefined },
    { name: 'no Service', given: [], want: 'is not among the objects of this commit' },
    {
      name: 'one of another namespace',
      given: [service()],
      check: { namespace: 'kube-system' },
      want: 'is not among',
    },
    {
      name: 'a name for another host',
      given: [service({ type: 'ExternalName', externalName: 'x.y' })],
      want: 'ExternalName',
    },
    { name: 'no selector', given: [service({ selector: {} })], want: 'has no selector' },
    { name: 'no address', given: [service({ clusterIP: 'None' })], want: 'is headless' },
    {
      name: 'no address and no selector',
      given: [service({ clusterIP: 'None', selector: null })],
      want: 'has no selector',
    },
    { name: 'endpoints by hand', given: [service(), slice], want: 'set by hand' },
    { name: 'old endpoints by hand', given: [service(), endpoints], want: 'set by hand' },
    { name: 'another port', given: [service()], check: { port: 443 }, want: 'has no TCP port 443' },
    { name: 'the port of its pods', given: [service()], check: { port: 8080 }, want: 'has no TCP port 8080' },
    {
      name: 'no TCP',
      given: [service({ ports: [{ port: 80, protocol: 'UDP' }] })],
      want: 'has no TCP port 80',
    },
  ])('$name', ({ given, check, want }) => {
    const manifests = given.map((object) => manifestOf(object));
    const refused = checksRefused([{ ...smoke, ...check }], manifests, { hasPrometheus: false });
    if (want === undefined) expect(refused).toBeUndefined();
    else expect(refused?.message).toContain(want);
  });
});

test('a Job that is named must be a hook that verifies', () => {
  const check = { kind: 'job' as const, name: 'orders', job: 'v', namespace: 'shop' };
  const plain = manifestOf(job);
  const hook = { ...plain, policy: { ...plain.policy, hook: { when: 'verify' as const, always: false } } };
  const refuse = (manifest: typeof plain) => checksRefused([check], [manifest], { hasPrometheus: false });
  expect(refuse(plain)?.reason).toBe('CheckRefused');
  expect(refuse(hook)).toBeUndefined();
});

test('Prometheus is asked only where the installation names one', () => {
  expect(checksRefused([errors], [], { hasPrometheus: false })?.reason).toBe('NotConfigured');
  expect(checksRefused([errors], [], { hasPrometheus: true })).toBeUndefined();
});

describe('the address of a live Service', () => {
  const labels = { [APPLYSET.partOf]: 'ours' };
  const live = (more: object = {}, metadata: object = {}): KubeObject => ({
    ...service({ clusterIP: '10.0.0.7', ...more }),
    metadata: { name: 'web', namespace: 'shop', labels, ...metadata },
  });
  test.for<{ name: string; given: KubeObject | undefined; want: object }>([
    { name: 'is its own', given: live(), want: { address: '10.0.0.7', port: 80 } },
    {
      name: 'may be of the sixth version',
      given: live({ clusterIP: 'fd00::7' }),
      want: { address: 'fd00::7', port: 80 },
    },
    { name: 'is none where it is gone', given: undefined, want: { refused: 'its Service does not exist' } },
    {
      name: 'is none where it goes',
      given: live({}, { deletionTimestamp: 'now' }),
      want: { refused: 'its Service does not exist' },
    },
    {
      name: 'is none where it is of somebody else',
      given: live({}, { labels: { [APPLYSET.partOf]: 'theirs' } }),
      want: { refused: "its Service is not the App's any more" },
    },
    {
      name: 'is never a name',
      given: live({ clusterIP: 'metadata.internal' }),
      want: { refused: 'its Service has no address yet' },
    },
    {
      name: 'is none where somebody made it lead elsewhere',
      given: live({ type: 'ExternalName' }),
      want: { refused: 'its Service is an ExternalName, which may lead anywhere' },
    },
  ])('$name', ({ given, want }) => {
    expect(addressOf(smoke, given, 'ours')).toEqual(want);
  });
});
