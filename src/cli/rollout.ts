// Reads what `pawl status` shows of an App's workloads, with the user's own rights: pods only of those that are
// not done. What the user may not read is left out, and said.

import { type App, APPLYSET } from '../model/app.ts';
import { ApiError } from '../model/errors.ts';
import type { Gvk, KubeObject } from '../model/object.ts';
import { applySetId } from '../model/resolve.ts';
import { selectorOf } from '../model/selector.ts';
import type { ListQuery } from '../ports.ts';
import { isDone, type Rollout, rolloutOf } from './pods.ts';

/** One list: from the server, or from a watch that is kept. Throws ApiError. */
export type Lister = (query: ListQuery) => Promise<KubeObject[]>;

const APPS = (kind: string): Gvk => ({ group: 'apps', version: 'v1', kind });
const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet'].map(APPS);
const POD: Gvk = { group: '', version: 'v1', kind: 'Pod' };

export async function readRollouts(
  list: Lister,
  app: App,
): Promise<{ rollouts: Rollout[]; notes: string[] }> {
  const notes = new Set<string>();
  const allowed = async (query: ListQuery): Promise<KubeObject[]> => {
    try {
      return await list(query);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      notes.add(`${query.gvk.kind}s of ${query.namespace} are not shown: you may not list them`);
      return [];
    }
  };
  const labelSelector = `${APPLYSET.partOf}=${applySetId(app)}`;
  const queries = namespacesOf(app).flatMap((namespace) =>
    WORKLOADS.map((gvk) => ({ gvk, namespace, labelSelector })),
  );
  const workloads = (await Promise.all(queries.map(allowed))).flat().filter((workload) => !isDone(workload));
  const rollouts = await Promise.all(
    workloads.map(async (workload) => {
      const query = { namespace: workload.metadata.namespace, labelSelector: selectorOf(workload) };
      const kind = workload.kind === 'Deployment' ? 'ReplicaSet' : 'ControllerRevision';
      const [revisions, pods] = await Promise.all([
        allowed({ ...query, gvk: APPS(kind) }),
        allowed({ ...query, gvk: POD }),
      ]);
      return rolloutOf({ workload, revisions, pods }, app.metadata.namespace);
    }),
  );
  return { rollouts: rollouts.sort((a, b) => (a.workload < b.workload ? -1 : 1)), notes: [...notes] };
}

function namespacesOf(app: App): string[] {
  const more = (app.metadata.annotations?.[APPLYSET.additionalNamespaces] ?? '').split(',');
  return [...new Set([app.metadata.namespace, ...more.filter((name) => name !== '')])];
}
