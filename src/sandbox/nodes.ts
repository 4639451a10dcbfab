// The simulated nodes of a fresh control plane.
import type { Api } from './api.ts';

const capacity = { cpu: '1000', memory: '4Ti', 'ephemeral-storage': '4Ti', pods: '10000' };

/** Creates nodes `node-1` to `node-<count>`; kwok makes them ready. */
export async function createNodes(api: Api, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  await Promise.all(
    numbers.map(async (number) => {
      const name = `node-${number}`;
      const { status, body } = await api.request({
        method: 'POST',
        path: '/api/v1/nodes',
        body: node(name, number),
      });
      if (status !== 201 && status !== 409)
        throw new Error(`creating ${name}: ${status} ${JSON.stringify(body)}`);
    }),
  );
}

function node(name: string, number: number) {
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    status: {
      capacity,
      allocatable: capacity,
      addresses: [
        { type: 'InternalIP', address: `192.0.2.${100 + number}` },
        { type: 'Hostname', address: name },
      ],
    },
  };
}
