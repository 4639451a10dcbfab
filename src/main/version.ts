// The version, which the build puts in; from a checkout it is read from package.json.

import { readFileSync } from 'node:fs';

declare const PAWL_VERSION: string | undefined;

export const version: string =
  typeof PAWL_VERSION === 'string'
    ? PAWL_VERSION
    : (
        JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
          version: string;
        }
      ).version;
