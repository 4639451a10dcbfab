// A watch on the API server for what a bench waits for: asking again and again would slow down what is measured.

import { Agent } from 'undici';
import type { ControlPlane } from '../src/sandbox/controlplane.ts';

export interface WatchEvent<T> {
  type: string;
  object: T;
}

/**
 * Reads the events of a collection, those of what is there already first, until `take` says that it has seen
 * enough. Throws where that takes longer than `timeoutMs`.
 */
export async function watchUntil<T>(
  plane: Pick<ControlPlane, 'server' | 'token' | 'caPem'>,
  path: string,
  take: (event: WatchEvent<T>) => boolean,
  timeoutMs = 600_000,
): Promise<void> {
  const dispatcher = new Agent({ connect: { ca: plane.caPem }, bodyTimeout: 0 });
  const timer = setTimeout(() => void dispatcher.destroy(new Error(`${path}: nothing came`)), timeoutMs);
  const query =
    'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  try {
    const response = await dispatcher.request({
      origin: plane.server,
      method: 'GET',
      path: `${path}?${query}`,
      headers: { authorization: `Bearer ${plane.token}` },
    });
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (take(JSON.parse(line) as WatchEvent<T>)) return;
    }
    throw new Error(`${path}: the watch ended too early`);
  } finally {
    clearTimeout(timer);
    await dispatcher.destroy();
  }
}

interface DeploymentObject {
  metadata: { name: string; generation?: number };
  spec?: { replicas?: number };
  status?: { observedGeneration?: number; availableReplicas?: number; updatedReplicas?: number };
}

/** Until that many Deployments of the namespace are ready. */
export async function allReady(plane: ControlPlane, namespace: string, count: number): Promise<void> {
  const ready = new Set<string>();
  await watchUntil<DeploymentObject>(plane, `/apis/apps/v1/namespaces/${namespace}/deployments`, (event) => {
    if (event.type === 'BOOKMARK') return false;
    if (isReady(event.object)) ready.add(event.object.metadata.name);
    else ready.delete(event.object.metadata.name);
    return ready.size >= count;
  });
}

function isReady({ metadata, spec, status }: DeploymentObject): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    status?.availableReplicas === spec?.replicas &&
    status?.updatedReplicas === spec?.replicas &&
    spec?.replicas !== undefined
  );
}
