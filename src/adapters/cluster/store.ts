// The Apps, and their status, which is the only state Pawl keeps in the cluster. Read from a watch, written by
// patches of the status subresource, which cannot touch a spec that changes meanwhile.
//
// S1 A write is for the App it was meant for: one that was deleted and made anew under the same name is another.
// S2 With `expect` a write succeeds only if nobody wrote the App since, its spec included.
// S3 A read after a write sees it.

import { ApiError } from '../../model/errors.ts';
import { APP_KIND, GROUP, VERSION, appKey } from '../../model/app.ts';
import type { App } from '../../model/app.ts';
import type { AppName } from '../../model/events.ts';
import type { KubeObject } from '../../model/object.ts';
import type { Mirror, ObjectRef, Store } from '../../ports.ts';
import type { OpenCluster } from './cluster.ts';
import { fitStatus } from './status-size.ts';

export interface AppChange {
  kind: 'set' | 'gone';
  app: App;
  previous: App | undefined;
}

export interface AppWatch {
  store: Store;
  /** All Apps as last seen. */
  all(): App[];
  /** Rejects with ApiError 404 where the CRD is not installed, 403 where Pawl may not read Apps. */
  ready(signal: AbortSignal): Promise<void>;
  stop(): void;
}

/** `onChange` is told of our own writes too, once each. */
export function watchApps(
  cluster: OpenCluster,
  options: {
    onChange?: (change: AppChange) => void;
    /** Undefined: all. */
    namespace?: string;
  },
): AppWatch {
  const mirror = cluster.follow({
    gvk: APP_GVK,
    namespace: options.namespace,
    onChange: ({ kind, object, previous }) =>
      options.onChange?.({
        kind,
        app: object as unknown as App,
        previous: previous as unknown as App | undefined,
      }),
  });
  const store = makeStore(cluster, mirror);
  return {
    store,
    all: () => store.all(),
    ready: (signal) => mirror.ready(signal),
    stop: () => mirror.stop(),
  };
}

export const APP_GVK = { group: GROUP, version: VERSION, kind: APP_KIND };

const MAX_TRIES = 5;

function makeStore(cluster: OpenCluster, mirror: Mirror): Store {
  const api = cluster.as(undefined);

  function taken(object: KubeObject): App {
    mirror.observe(object);
    return object as unknown as App;
  }

  return {
    get: ({ namespace, name }: AppName) => mirror.get(namespace, name) as unknown as App | undefined,

    all: () => mirror.all() as unknown as App[],

    async writeStatus(app, status, { expect }, signal) {
      const patch: Record<string, unknown>[] = [
        // S1. The server ignores a foreign uid in a patch, but not a failed test.
        { op: 'test', path: '/metadata/uid', value: app.metadata.uid },
        { op: 'add', path: '/status', value: fitStatus(status) },
      ];
      // S2. A version that is not the newest makes it a conflict.
      if (expect !== undefined)
        patch.push({ op: 'replace', path: '/metadata/resourceVersion', value: expect });
      for (let tries = 1; ; tries++) {
        try {
          return taken(
            await api.jsonPatch(refOf(app), patch, signal, {
              subresource: 'status',
              idempotent: expect === undefined,
            }),
          );
        } catch (error) {
          if (isFailedTest(error)) throw madeAnew(app);
          // Without `expect` the patch holds for whatever is there: the server's own tries were not enough.
          const again = expect === undefined && error instanceof ApiError && error.status === 409;
          if (!again || tries === MAX_TRIES) throw error;
        }
      }
    },

    async patchMetadata(app, metadata, signal) {
      // S1. The server refuses to change a uid.
      const patch = { metadata: { ...metadata, uid: app.metadata.uid } };
      try {
        return taken(await api.mergePatch(refOf(app), patch, {}, signal));
      } catch (error) {
        throw isOtherUid(error) ? madeAnew(app) : error;
      }
    },
  };
}

function refOf(app: App): ObjectRef {
  return { gvk: APP_GVK, namespace: app.metadata.namespace, name: app.metadata.name };
}

/** How the server answers a JSON patch one of whose tests fails (422 without any cause). */
function isFailedTest(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status === 422 &&
    error.causes.length === 0 &&
    /rejected our request/.test(error.message)
  );
}

function isOtherUid(error: unknown): boolean {
  return error instanceof ApiError && error.causes.some((cause) => cause.field === 'metadata.uid');
}

function madeAnew(app: App): ApiError {
  return new ApiError({
    code: 'ApiConflict',
    message: `patch App ${appKey(app)}: it was deleted and made anew`,
    retry: 'never',
    status: 409,
    reason: 'Conflict',
  });
}
