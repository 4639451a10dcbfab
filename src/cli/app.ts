// Which App a command means, and reading it.

import { type App, APP_KIND, GROUP, VERSION } from '../model/app.ts';
import { ApiError, PawlError } from '../model/errors.ts';
import type { AppName } from '../model/events.ts';
import type { Gvk } from '../model/object.ts';
import type { ObjectRef } from '../ports.ts';
import type { Connection } from './environment.ts';

export const APP_GVK: Gvk = { group: GROUP, version: VERSION, kind: APP_KIND };

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/**
 * `NAME` or `NAMESPACE/NAME`. A namespace in the name and another in `--namespace` contradict each other.
 * Throws PawlError `BadName`.
 */
export function appNameOf(text: string, flag: string | undefined, currentNamespace: string): AppName {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  const written = parts.length === 2 ? parts[0] : undefined;
  const namespace = written ?? flag ?? currentNamespace;
  if (parts.length > 2 || !NAME.test(name) || !NAME.test(namespace)) {
    throw new PawlError({
      code: 'BadName',
      message: `${JSON.stringify(text.slice(0, 100))} is not the name of an App`,
      hint: 'Write it as NAME or NAMESPACE/NAME.',
    });
  }
  if (written !== undefined && flag !== undefined && written !== flag) {
    throw new PawlError({
      code: 'BadName',
      message: `${text} is in the namespace ${written}, but --namespace says ${flag}`,
      hint: 'Leave one of them out.',
    });
  }
  return { namespace, name };
}

export function refOf({ namespace, name }: AppName): ObjectRef {
  return { gvk: APP_GVK, namespace, name };
}

/** Throws PawlError `AppNotFound`, `NotInstalled`, and ApiError. */
export async function readApp(connection: Connection, name: AppName, signal: AbortSignal): Promise<App> {
  const found = await asInstalled(connection.cluster.as(undefined).get(refOf(name), signal));
  if (found === undefined) throw appNotFound(name);
  return found as App;
}

/** `namespace` undefined: all. Sorted by namespace and name. */
export async function listApps(
  connection: Connection,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<App[]> {
  const query = { gvk: APP_GVK, namespace };
  const apps = (await asInstalled(connection.cluster.as(undefined).list(query, signal))) as App[];
  return sortApps(apps);
}

export function sortApps(apps: readonly App[]): App[] {
  const key = ({ metadata }: App) => `${metadata.namespace}/${metadata.name}`;
  return [...apps].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

export function appNotFound({ namespace, name }: AppName): PawlError {
  return new PawlError({
    code: 'AppNotFound',
    message: `there is no App ${name} in the namespace ${namespace}`,
    hint: '`pawl status -A` shows all Apps; name another namespace with -n.',
  });
}

/** A server that knows no such kind has no Pawl installed, which is what a person wants to hear. */
export async function asInstalled<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'ApiKindUnknown') throw error;
    throw new PawlError({
      code: 'NotInstalled',
      message: 'this cluster knows no Apps: Pawl is not installed in it',
      hint: 'Look whether --context names the right cluster, or apply manifests/crd.yaml.',
      cause: error,
    });
  }
}
