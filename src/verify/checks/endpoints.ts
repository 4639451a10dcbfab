// Where a Service leads: to pods of the App's namespace, and to no other address. Whoever may write EndpointSlices could
// give a Service of the App an address of anywhere, and it would look like the Service itself. Pure.
// 1. Every address of every slice of the Service counts, ready or not: which of them a request goes to is not ours to say.
// 2. An address is a pod's where the slice names a Pod of the Service's namespace, and that pod has this address by its
//    own status, which a kubelet writes. What a slice says of itself proves nothing.

import type { KubeObject } from '../../model/object.ts';
import { at, listAt, textIn } from '../fields.ts';

export interface Target {
  address: string;
  /** Of a Pod in the Service's namespace; empty where the slice names none. */
  pod: string;
  slice: string;
}

export const SERVICE_LABEL = 'kubernetes.io/service-name';

export function targetsOf(slices: readonly KubeObject[]): Target[] {
  return slices.flatMap((slice) =>
    listAt(slice, 'endpoints').flatMap((endpoint) => {
      const addresses = Array.isArray(endpoint.addresses) ? (endpoint.addresses as unknown[]) : [];
      const pod = podOf(at(endpoint, 'targetRef'), slice.metadata.namespace ?? '');
      return addresses.map((address) => ({ address: String(address), pod, slice: slice.metadata.name }));
    }),
  );
}

function podOf(target: Record<string, unknown>, namespace: string): string {
  if (textIn(target, 'kind') !== 'Pod') return '';
  return ['', namespace].includes(textIn(target, 'namespace')) ? textIn(target, 'name') : '';
}

/** One name for a pod with an address, to remember what was proven. */
export function provenName({ pod, address }: Pick<Target, 'pod' | 'address'>): string {
  return `${pod} ${address}`;
}

/** What these pods prove: each address that each of them has. One that has ended keeps its address only on paper. */
export function provenBy(pods: readonly KubeObject[]): string[] {
  return pods.flatMap((pod) => {
    const status = at(pod, 'status');
    if (['Succeeded', 'Failed'].includes(textIn(status, 'phase'))) return [];
    const addresses = [textIn(status, 'podIP'), ...listAt(status, 'podIPs').map((one) => textIn(one, 'ip'))];
    return [...new Set(addresses)]
      .filter((address) => address !== '')
      .map((address) => provenName({ pod: pod.metadata.name, address }));
  });
}

/** Why the Service is not asked; undefined where all its addresses are proven. */
export function strangerAmong(targets: readonly Target[], proven: ReadonlySet<string>): string | undefined {
  const stranger = targets.find((target) => target.pod === '' || !proven.has(provenName(target)));
  return stranger === undefined
    ? undefined
    : `EndpointSlice ${stranger.slice} leads its Service to an address that is not known to be a pod's of its namespace`;
}
