// What a Secret that `spec.source.secretRef` names holds: a token, or a user name and password.

import { PawlError } from './errors.ts';
import type { KubeObject } from './object.ts';

export interface GitCredentials {
  username?: string;
  password?: string;
  token?: string;
}

/** `name`: `namespace/name`, for messages. Throws PawlError `SecretNotFound`, `SecretUnusable`. */
export function credentialsIn(secret: KubeObject | undefined, name: string): GitCredentials {
  if (secret === undefined) {
    throw new PawlError({
      code: 'SecretNotFound',
      message: `the Secret ${name} of spec.source.secretRef does not exist`,
      hint: 'Create it with the keys username and password, or token.',
      retry: 'later',
    });
  }
  const data = (secret.data ?? {}) as Record<string, string>;
  const text = (key: string): string | undefined => {
    const value = Object.hasOwn(data, key) ? data[key] : undefined;
    // An editor's or a shell's last line break is no part of it.
    return value === undefined
      ? undefined
      : Buffer.from(value, 'base64')
          .toString('utf8')
          .replace(/\r?\n$/, '');
  };
  const token = text('token');
  if (token !== undefined) return { token };
  const password = text('password');
  if (password !== undefined) return { username: text('username') ?? 'git', password };
  throw new PawlError({
    code: 'SecretUnusable',
    message: `the Secret ${name} has neither token nor password`,
    hint: 'It needs the keys username and password, or token.',
    retry: 'later',
  });
}
