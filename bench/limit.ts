// The bare limit: the same dry-runs and applies as raw requests over kept connections, 16 at a time, and nothing
// around them.

import pLimit from 'p-limit';
import { Pool } from 'undici';
import type { ControlPlane } from '../src/sandbox/controlplane.ts';
import type { BenchObject } from './objects.ts';

const PARALLEL = 16;

/** Every object dry-run, then every object applied; the server's answers. */
export async function applyBare(
  plane: ControlPlane,
  objects: readonly BenchObject[],
  passes: readonly ('dry-run' | 'apply')[] = ['dry-run', 'apply'],
  fieldManager = 'bench',
): Promise<void> {
  const pool = new Pool(plane.server, { connections: PARALLEL, connect: { ca: plane.caPem } });
  const gate = pLimit(PARALLEL);
  const send = async (object: BenchObject, dryRun: boolean) => {
    const query = `?fieldManager=${fieldManager}&force=true${dryRun ? '&dryRun=All' : ''}`;
    const { statusCode, body } = await pool.request({
      method: 'PATCH',
      path: pathOf(object) + query,
      headers: { authorization: `Bearer ${plane.token}`, 'content-type': 'application/apply-patch+yaml' },
      body: JSON.stringify(object),
    });
    const text = await body.text();
    if (statusCode >= 300) throw new Error(`${pathOf(object)}: ${statusCode} ${text}`);
  };
  for (const pass of passes) {
    await Promise.all(objects.map((object) => gate(() => send(object, pass === 'dry-run'))));
  }
  await pool.close();
}

export function pathOf({ apiVersion, kind, metadata }: BenchObject): string {
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${group}/namespaces/${metadata.namespace}/${kind.toLowerCase()}s/${metadata.name}`;
}
