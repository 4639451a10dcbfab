// The key of this installation: 32 random bytes in a Secret beside Pawl, made once. Checksums on pod templates
// are HMACs with it, so that nobody can guess a Secret's content from them. A new key would change every such
// checksum, and with it restart pods: so a Secret that is damaged is reported, never replaced.

import { randomBytes } from 'node:crypto';
import { ApiError, PawlError } from '../../model/errors.ts';
import type { KubeObject } from '../../model/object.ts';
import type { ClusterApi, ObjectRef } from '../../ports.ts';

export const INSTALLATION_SECRET = 'pawl-installation';

const ENTRY = 'hmac-key';
const KEY_BYTES = 32;

/** Reads the key, or makes it; of several that make it at once, all get the one that came first. */
export async function installationKey(
  api: ClusterApi,
  namespace: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const ref: ObjectRef = {
    gvk: { group: '', version: 'v1', kind: 'Secret' },
    namespace,
    name: INSTALLATION_SECRET,
  };
  const found = (await api.get(ref, signal)) ?? (await createOrGet());
  return keyIn(found, namespace);

  async function createOrGet(): Promise<KubeObject> {
    try {
      return await api.create(secretWith(randomBytes(KEY_BYTES), namespace), signal);
    } catch (error) {
      const lost = error instanceof ApiError && (error.code === 'ApiAlreadyExists' || error.status === 0);
      const first = lost ? await api.get(ref, signal) : undefined;
      if (first === undefined) throw error;
      return first;
    }
  }
}

function secretWith(key: Uint8Array, namespace: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: INSTALLATION_SECRET, namespace, labels: { 'app.kubernetes.io/name': 'pawl' } },
    type: 'Opaque',
    immutable: true,
    data: { [ENTRY]: Buffer.from(key).toString('base64') },
  };
}

function keyIn(secret: KubeObject, namespace: string): Uint8Array {
  const text = (secret['data'] as Record<string, unknown> | undefined)?.[ENTRY];
  const key = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined;
  if (key?.length === KEY_BYTES) return key;
  throw new PawlError({
    code: 'InstallationKeyInvalid',
    message: `the Secret ${namespace}/${INSTALLATION_SECRET} holds no key of ${KEY_BYTES} bytes in ${ENTRY}`,
    hint: 'Restore it. Deleting it makes a new key, which restarts the pods that use configuration of their App.',
  });
}

/** The key, for a person who may read it; undefined for everybody else. Never makes one. */
export async function installationKeyIfReadable(
  api: ClusterApi,
  namespace: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const ref: ObjectRef = {
    gvk: { group: '', version: 'v1', kind: 'Secret' },
    namespace,
    name: INSTALLATION_SECRET,
  };
  try {
    const found = await api.get(ref, signal);
    return found === undefined ? undefined : keyIn(found, namespace);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 401)) return undefined;
    throw error;
  }
}
