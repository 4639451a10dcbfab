// Looking at the cluster as its administrator: a watch that wakes whoever waits, and reads of what is live.

import type { App, AppStatus } from '../model/app.ts';
import type { Gvk, KubeObject } from '../model/object.ts';
import { APP_GVK } from '../cli/app.ts';
import type { Connection } from '../cli/environment.ts';
import { makeBell, withinTime } from '../cli/watch-app.ts';
import type { Clock, Mirror } from '../ports.ts';
import { APP_NAME } from './app.ts';
import { type LiveObjects, type PodFacts, podFacts, type WebFacts, webFacts } from './snapshot.ts';

const DEPLOYMENT: Gvk = { group: 'apps', version: 'v1', kind: 'Deployment' };
const POD: Gvk = { group: '', version: 'v1', kind: 'Pod' };
const CONFIG_MAP: Gvk = { group: '', version: 'v1', kind: 'ConfigMap' };
const SERVICE: Gvk = { group: '', version: 'v1', kind: 'Service' };
const EVENT: Gvk = { group: '', version: 'v1', kind: 'Event' };
const WEB = 'web';

export interface View {
  status: () => AppStatus;
  web: () => WebFacts | undefined;
  pods: () => PodFacts[];
  /**
   * The first answer that `judge` has, asked again after each change of the App, its Deployments, pods or events;
   * undefined when the time is up.
   */
  until: <T>(judge: () => T | undefined, timeoutMs: number) => Promise<T | undefined>;
  /** Called at each change, with the change already to be seen here. Returns how to stop that. */
  onChange: (listener: () => void) => () => void;
  /** Messages of the Kubernetes Events on the App that have this reason. */
  told: (reason: string) => string[];
  /** Read anew. */
  live: () => Promise<LiveObjects>;
  stop: () => void;
}

export async function openView(
  connection: Connection,
  namespace: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<View> {
  const bell = makeBell();
  const listeners = new Set([bell.ring]);
  const onChange = () => {
    for (const listener of listeners) listener();
  };
  const follow = (gvk: Gvk) => connection.cluster.follow({ gvk, namespace, onChange });
  const [apps, deployments, pods, events] = [APP_GVK, DEPLOYMENT, POD, EVENT].map(follow) as [
    Mirror,
    Mirror,
    Mirror,
    Mirror,
  ];
  const mirrors = [apps, deployments, pods, events];
  const stop = () => {
    for (const mirror of mirrors) mirror.stop();
  };
  const api = connection.cluster.as(undefined);
  const get = (gvk: Gvk, name: string) => api.get({ gvk, namespace, name }, signal);
  const isThere = ({ metadata }: KubeObject) => metadata.deletionTimestamp === undefined;
  try {
    await Promise.all(mirrors.map((mirror) => mirror.ready(signal)));
  } catch (error) {
    stop();
    throw error;
  }
  return {
    status: () => (apps.get(namespace, APP_NAME) as App | undefined)?.status ?? {},
    web() {
      const deployment = deployments.get(namespace, WEB);
      return deployment && webFacts(deployment);
    },
    pods: () => pods.all().filter(isThere).map(podFacts),
    until: (judge, timeoutMs) =>
      withinTime({ clock, signal, timeoutMs }, async (inTime) => {
        for (;;) {
          const answer = judge();
          if (answer !== undefined) return answer;
          await bell.rung(inTime);
        }
      }),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    told: (reason) =>
      events
        .all()
        .filter((event) => event.reason === reason)
        .filter((event) => (event.involvedObject as { kind?: string } | undefined)?.kind === 'App')
        .map((event) => String(event.message)),
    async live() {
      const [app, deployment, list, config, service] = await Promise.all([
        get(APP_GVK, APP_NAME),
        get(DEPLOYMENT, WEB),
        api.list({ gvk: POD, namespace }, signal),
        get(CONFIG_MAP, WEB),
        get(SERVICE, WEB),
      ]);
      return { app, deployment, pods: list, config, service };
    },
    stop,
  };
}
