import { expect, test } from 'vitest';
import type { KubeObject } from '../../../src/model/object.ts';
import { provenBy, strangerAmong, targetsOf } from '../../../src/verify/checks/endpoints.ts';

function slice(endpoints: unknown): KubeObject {
  const object = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-x', namespace: 'shop' },
  };
  return { ...object, endpoints };
}

const pod = (name: string, ...ips: string[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop' },
  status: { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) },
});
const to = (name: string, more: object = {}) => ({ kind: 'Pod', name, namespace: 'shop', ...more });
const over = pod('web-4', '10.1.0.4');
const ended: KubeObject = { ...over, status: { ...(over.status as object), phase: 'Succeeded' } };
const pods = [ended, pod('web-1', '10.1.0.1', 'fd00::1'), pod('web-2', '10.1.0.2'), pod('web-3')];

test.for<{ name: string; endpoints: unknown; asked: boolean }>([
  { name: 'to its pods', endpoints: [{ addresses: ['10.1.0.1'], targetRef: to('web-1') }], asked: true },
  {
    name: "to a pod's other address",
    endpoints: [{ addresses: ['fd00::1'], targetRef: to('web-1') }],
    asked: true,
  },
  { name: 'nowhere', endpoints: [], asked: true },
  { name: 'to what no slice can hold', endpoints: [null, 'x', { addresses: 'x' }], asked: true },
  { name: 'to an address of nothing', endpoints: [{ addresses: ['169.254.169.254'] }], asked: false },
  {
    name: "to an address that a slice only says is a pod's",
    endpoints: [{ addresses: ['169.254.169.254'], targetRef: to('web-1') }],
    asked: false,
  },
  {
    name: 'to an address of another of its pods',
    endpoints: [{ addresses: ['10.1.0.2'], targetRef: to('web-1') }],
    asked: false,
  },
  {
    name: "to a second address beside a pod's",
    endpoints: [{ addresses: ['10.1.0.1', '10.96.0.1'], targetRef: to('web-1') }],
    asked: false,
  },
  {
    name: 'to a pod, and elsewhere',
    endpoints: [{ addresses: ['10.1.0.1'], targetRef: to('web-1') }, { addresses: ['10.96.0.1'] }],
    asked: false,
  },
  {
    name: 'elsewhere, where nothing is ready',
    endpoints: [{ addresses: ['10.96.0.1'], conditions: { ready: false } }],
    asked: false,
  },
  {
    name: 'to a pod without an address',
    endpoints: [{ addresses: [''], targetRef: to('web-3') }],
    asked: false,
  },
  {
    name: 'to no pod of these',
    endpoints: [{ addresses: ['10.1.0.9'], targetRef: to('web-9') }],
    asked: false,
  },
  {
    name: 'to the address that a pod had which has ended',
    endpoints: [{ addresses: ['10.1.0.4'], targetRef: to('web-4') }],
    asked: false,
  },
  {
    name: 'to a pod of another namespace',
    endpoints: [{ addresses: ['10.1.0.1'], targetRef: to('web-1', { namespace: 'other' }) }],
    asked: false,
  },
  {
    name: 'to what is no pod',
    endpoints: [{ addresses: ['10.1.0.1'], targetRef: to('web-1', { kind: 'Node' }) }],
    asked: false,
  },
])('a Service that leads $name', ({ endpoints, asked }) => {
  const stranger = strangerAmong(targetsOf([slice(endpoints)]), new Set(provenBy(pods)));
  if (asked) expect(stranger).toBeUndefined();
  else expect(stranger).toMatch(/^EndpointSlice web-x leads its Service/);
});
