// Following where the Services of http checks lead, for as long as they are asked: one list and a watch of the slices of
// each, and one list of its pods when an address turns up that no pod has proven yet. As Pawl itself (the role `view`).
// What cannot be read is not asked.

import type { HttpCheck } from '../model/checks.ts';
import { ApiError } from '../model/errors.ts';
import { type Gvk, type KubeObject, keyOf } from '../model/object.ts';
import type { Mirror } from '../ports.ts';
import { serviceOf } from '../verify/checks/address.ts';
import { provenBy, provenName, SERVICE_LABEL, strangerAmong, targetsOf } from '../verify/checks/endpoints.ts';
import { at } from '../verify/fields.ts';
import type { Context } from './context.ts';

const SLICE: Gvk = { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice' };
const POD: Gvk = { group: '', version: 'v1', kind: 'Pod' };

export interface Endpoints {
  /** Why the check's Service is not asked now; undefined where it leads to pods only. */
  refusal(check: HttpCheck, service: KubeObject, signal: AbortSignal): Promise<string | undefined>;
  close(): void;
}

interface Followed {
  slices: Mirror;
  /** Pods with their addresses; a pod keeps its address as long as it lives. */
  proven: ReadonlySet<string>;
  /** What the last list of pods was asked for, and when (monotonic, ms). */
  asked: { targets: string; atMs: number; answer: Promise<void> } | undefined;
}

/** What no pod has proven, and no change of the slices gives a new reason to ask for, is asked for again. ms */
const ASK_AGAIN_MS = 5_000;

export function followEndpoints(run: { ctx: Pick<Context, 'cluster' | 'clock'> }): Endpoints {
  const { cluster, clock } = run.ctx;
  const followed = new Map<string, Followed>();
  return {
    async refusal(check, service, signal) {
      const known = follow(check);
      try {
        await known.slices.ready(signal);
        const targets = targetsOf(known.slices.all());
        const unproven = targets.filter((one) => one.pod !== '' && !known.proven.has(provenName(one)));
        if (unproven.length > 0) await prove(known, service, unproven.map(provenName).join(), signal);
        return strangerAmong(targets, known.proven);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return `where its Service leads cannot be read (${error.code})`;
      }
    },
    close() {
      for (const { slices } of followed.values()) slices.stop();
      followed.clear();
    },
  };

  function follow(check: HttpCheck): Followed {
    const id = serviceOf(check);
    const key = keyOf(id);
    const known = followed.get(key);
    if (known !== undefined) return known;
    const labelSelector = `${SERVICE_LABEL}=${id.name}`;
    const slices = cluster.follow({ gvk: SLICE, namespace: id.namespace, labelSelector });
    const made: Followed = { slices, proven: new Set(), asked: undefined };
    followed.set(key, made);
    return made;
  }

  /** All who ask for the same at the same time share one list. */
  async function prove(
    known: Followed,
    service: KubeObject,
    targets: string,
    signal: AbortSignal,
  ): Promise<void> {
    const nowMs = clock.monotonic();
    const { asked } = known;
    if (asked?.targets === targets && nowMs - asked.atMs < ASK_AGAIN_MS) return await asked.answer;
    const answer = podsOf(service, signal).then((pods) => {
      // A slice is a moment behind: what it holds and has been proven stays so, though the pod has just gone.
      const held = targetsOf(known.slices.all()).map(provenName);
      known.proven = new Set([...held.filter((name) => known.proven.has(name)), ...provenBy(pods)]);
    });
    known.asked = { targets, atMs: nowMs, answer };
    try {
      await answer;
    } catch (error) {
      known.asked = undefined;
      throw error;
    }
  }

  async function podsOf(service: KubeObject, signal: AbortSignal): Promise<KubeObject[]> {
    const selector = Object.entries(at(service, 'spec', 'selector'));
    return await cluster.as(undefined).list(
      {
        gvk: POD,
        namespace: service.metadata.namespace,
        labelSelector: selector.map(([name, value]) => `${name}=${String(value)}`).join(','),
      },
      signal,
    );
  }
}
