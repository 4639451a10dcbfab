// Facts for the tables of decisions: a release of `bad` that failed by a changed Deployment, with everything in
// order for a revert to `good`. Each row of a table changes what it is about.

import type { DecideFacts } from '../../src/decide/decide.ts';
import type { Manifest, Rendered } from '../../src/model/manifest.ts';
import { keyOf, type ObjectId } from '../../src/model/object.ts';
import type { Failure } from '../../src/model/verdict.ts';

export const GOOD = 'a'.repeat(40);
export const BAD = 'b'.repeat(40);
export const SOURCE = 'https://git.example.com/shop.git#main:deploy@shop';

export const web: ObjectId = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };
export const api: ObjectId = { ...web, name: 'api' };

export function manifest(id: ObjectId, hash: string): Manifest {
  const object = {
    apiVersion: 'apps/v1',
    kind: id.kind,
    metadata: { name: id.name, namespace: id.namespace },
  };
  return {
    id,
    key: keyOf(id),
    gvk: { group: id.group, version: 'v1', kind: id.kind },
    object,
    origin: { file: 'deploy/app.yaml', document: 1, line: 1 },
    hash,
    stage: 0,
    policy: { prune: 'Default', rollback: 'Default', recreate: false, ignoreFields: [] },
  };
}

export function rendered(hashes: Record<string, string>): Rendered {
  const ids: Record<string, ObjectId> = { web, api };
  const manifests = Object.entries(hashes).map(([name, hash]) =>
    manifest(ids[name] ?? { ...web, name }, hash),
  );
  const renderHash = manifests.map((one) => `${one.key}=${one.hash}`).join();
  return { manifests, readSet: [], readHash: renderHash, renderHash };
}

export function failure(object: ObjectId | undefined, reason = 'CrashLoopBackOff'): Failure {
  return { object, reason, evidence: `${reason}, exit code 1`, message: `${reason}: it says "secret"` };
}

export function facts(more: Partial<DecideFacts> = {}): DecideFacts {
  return {
    verdict: { kind: 'failed', failures: [failure(web)] },
    cause: 'commit',
    mode: 'Revert',
    head: BAD,
    healthy: { commit: GOOD, source: SOURCE },
    currentSource: SOURCE,
    healthyIsAncestor: true,
    healthyRender: rendered({ web: '1', api: '1' }),
    headRender: rendered({ web: '2', api: '1' }),
    baseline: { at: '2026-11-01T10:00:00Z', unhealthy: {}, stalledSince: {} },
    headIsOurRevert: false,
    revertsInWindow: 0,
    limit: 3,
    rollbackHold: false,
    changesSinceHealthy: true,
    rejectedBefore: 0,
    healthyDryRun: 'not-asked',
    ...more,
  };
}
