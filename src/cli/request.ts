// What people ask of an App through its annotations and its spec, and who they are.

import type { ANNOTATION, App } from '../model/app.ts';
import { PawlError } from '../model/errors.ts';
import type { AppName } from '../model/events.ts';
import { refOf } from './app.ts';
import type { Connection } from './environment.ts';

export async function annotate(
  connection: Connection,
  name: AppName,
  annotation: (typeof ANNOTATION)[keyof typeof ANNOTATION],
  value: string,
  signal: AbortSignal,
): Promise<void> {
  const patch = { metadata: { annotations: { [annotation]: value } } };
  await connection.cluster.as(undefined).mergePatch(refOf(name), patch, {}, signal);
}

export async function setSuspend(
  connection: Connection,
  name: AppName,
  suspend: boolean,
  signal: AbortSignal,
): Promise<App> {
  const patch = { spec: { suspend } };
  return (await connection.cluster.as(undefined).mergePatch(refOf(name), patch, {}, signal)) as App;
}

/**
 * The user's name as the server knows it (SelfSubjectReview, which everyone who is logged in may ask for), else
 * as the kubeconfig calls it. For people to read: the server's own audit log is the proof.
 */
export async function whoAmI(connection: Connection, signal: AbortSignal): Promise<string> {
  const question = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
    metadata: { name: 'self' },
  };
  try {
    const answer = await connection.cluster.as(undefined).create(question, signal);
    const { userInfo } = (answer.status ?? {}) as { userInfo?: { username?: string } };
    if (userInfo?.username) return userInfo.username;
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
  }
  return connection.userName ?? 'unknown';
}
