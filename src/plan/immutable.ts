// Whether the server refused an object because it changes what cannot be changed, and nothing else. The words are
// those of the API server's own validation (pkg/apis/*/validation of Kubernetes 1.36): `field is immutable`, `may not
// change once set`, `cannot change roleRef`, `updates to statefulset spec for fields other than …`.

import type { ApiError } from '../model/errors.ts';

const WORDS =
  /\bimmutable\b|may not (?:be changed|change)|can ?not (?:be changed|change )|updates to [^:]*(?:forbidden|for fields other than)|pod updates may not change/i;
/** A field's path as the server writes it, and no text that somebody smuggled into one. */
const PATH = /^[A-Za-z0-9_.[\]/-]{1,120}$/;
const NAMED = 5;

/** The paths of the fields; undefined where the object is wrong for another reason, too, or for another one. */
export function immutableFields(error: ApiError): string[] | undefined {
  const { causes } = error;
  if (causes.length === 0) return WORDS.test(error.message) ? [] : undefined;
  if (!causes.every(({ message = '' }) => WORDS.test(message))) return undefined;
  const fields = causes.map(({ field = '' }) => field).filter((field) => PATH.test(field));
  return [...new Set(fields)].slice(0, NAMED);
}
