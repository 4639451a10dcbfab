// Kubernetes Events on an App, which `kubectl describe` shows. The same thing said again within ten minutes
// raises the count of the Event that is there, so that a thing that keeps failing makes one line and not
// hundreds. Events are news, not state: one that cannot be written is reported and forgotten.

import { randomBytes } from 'node:crypto';
import { ApiError } from '../../model/errors.ts';
import type { App } from '../../model/app.ts';
import type { Clock, ClusterApi, ObjectRef } from '../../ports.ts';

export interface KubeEvent {
  type: 'Normal' | 'Warning';
  /** One word in CamelCase, such as `Reverted`. */
  reason: string;
  /** Cut at 1,024 characters. */
  message: string;
}

export interface KubeEvents {
  /** Never rejects but with the signal's reason. */
  record(app: App, event: KubeEvent, signal: AbortSignal): Promise<void>;
}

interface Told {
  ref: ObjectRef;
  count: number;
  lastAt: number;
}

const SAME_WITHIN_MS = 600_000;
const MAX_REMEMBERED = 1_000;
const MAX_MESSAGE = 1_024;
const EVENT_GVK = { group: '', version: 'v1', kind: 'Event' };

export function makeKubeEvents(
  api: ClusterApi,
  options: { clock: Clock; onProblem?: (error: unknown) => void },
): KubeEvents {
  const { clock } = options;
  const told = new Map<string, Told>();
  /** Of the same thing one write at a time, so that two do not both make an Event. */
  const writing = new Map<string, Promise<void>>();

  async function write(key: string, app: App, event: KubeEvent, signal: AbortSignal): Promise<void> {
    const before = told.get(key);
    const now = clock.monotonic();
    told.delete(key);
    if (before !== undefined && now - before.lastAt < SAME_WITHIN_MS) {
      const count = before.count + 1;
      try {
        await api.mergePatch(before.ref, { count, lastTimestamp: isoSeconds(clock.now()) }, {}, signal);
        return remember(key, { ref: before.ref, count, lastAt: now });
      } catch (error) {
        // The server forgets Events after an hour; somebody may have deleted it.
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
      }
    }
    const made = await api.create(eventObject(app, event, clock.now()), signal);
    const ref = { gvk: EVENT_GVK, namespace: app.metadata.namespace, name: made.metadata.name };
    remember(key, { ref, count: 1, lastAt: now });
  }

  /** The ones said longest ago are forgotten first. */
  function remember(key: string, what: Told): void {
    told.set(key, what);
    for (const oldest of told.keys()) {
      if (told.size <= MAX_REMEMBERED) return;
      told.delete(oldest);
    }
  }

  return {
    async record(app, { type, reason, message: whole }, signal) {
      const event = { type, reason, message: whole.slice(0, MAX_MESSAGE) };
      const key = JSON.stringify([app.metadata.uid, type, reason, event.message]);
      const before = writing.get(key) ?? Promise.resolve();
      const mine = before.then(async () => {
        try {
          signal.throwIfAborted();
          await write(key, app, event, signal);
        } catch (error) {
          if (!signal.aborted) options.onProblem?.(error);
        }
        if (writing.get(key) === mine) writing.delete(key);
      });
      writing.set(key, mine);
      await mine;
      signal.throwIfAborted();
    },
  };
}

function eventObject(app: App, event: KubeEvent, now: number) {
  const at = isoSeconds(now);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      namespace: app.metadata.namespace,
      name: `${app.metadata.name.slice(0, 200)}.${randomBytes(8).toString('hex')}`,
    },
    involvedObject: {
      apiVersion: app.apiVersion,
      kind: app.kind,
      namespace: app.metadata.namespace,
      name: app.metadata.name,
      uid: app.metadata.uid,
      resourceVersion: app.metadata.resourceVersion,
    },
    type: event.type,
    reason: event.reason,
    message: event.message,
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: 'pawl' },
    reportingComponent: 'pawl',
    reportingInstance: '',
  };
}

/** `metav1.Time` has no fractions of a second. */
function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
