// Takes the values of a Secret out of texts that the server sent about it. The server may quote what it was
// given: a value that does not decode, a whole field that an admission policy dislikes. Two nets: every text
// in quotes that is not a name known to be harmless, and every value that was sent, in any form.

const HIDDEN = '***';

/** `body` is what was sent: a Secret, or a patch of one. Names, types and keys are not secret, values are. */
export function scrubberOf(body: unknown): (text: string) => string {
  const values = new Set<string>();
  const names = new Set<string>();
  collect(body, [], values, names);
  // Long ones first, so that a value that is part of another leaves no remainder of it.
  const ordered = [...values].filter((value) => value.length >= 3).sort((a, b) => b.length - a.length);
  return (text) => {
    let out = text;
    for (const value of ordered) if (out.includes(value)) out = out.replaceAll(value, HIDDEN);
    return (
      out
        // How Go prints a value of the wrong type: `expected string, got &value.valueUnstructured{Value:5}`.
        .replace(/\{Value:.*/s, `{Value:${HIDDEN}}`)
        .replace(/"((?:[^"\\]|\\.)*)"/g, (whole, inner: string) => (names.has(inner) ? whole : `"${HIDDEN}"`))
        .replace(/`[^`]*`/g, `\`${HIDDEN}\``)
    );
  };
}

/** The server's own words in messages about Secrets; they are quoted and tell nothing. */
const HARMLESS = ['Secret', 'secrets', 'v1', 'immutable', 'data', 'type', 'metadata', 'pawl'];

function collect(value: unknown, path: readonly string[], values: Set<string>, names: Set<string>): void {
  if (path.length === 0) for (const word of HARMLESS) names.add(word);
  if (typeof value === 'string') {
    if (isName(path)) names.add(value);
    else addForms(value, values);
  } else if (Array.isArray(value)) {
    value.forEach((each, index) => {
      collect(each, [...path, String(index)], values, names);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) {
      names.add(key);
      collect(each, [...path, key], values, names);
    }
  }
}

/** Where an object says what it is called rather than what it holds. */
function isName(path: readonly string[]): boolean {
  const [first, second] = path;
  if (path.length === 1) return first === 'apiVersion' || first === 'kind' || first === 'type';
  if (first === 'metadata' && path.length === 2)
    return second === 'name' || second === 'namespace' || second === 'uid' || second === 'resourceVersion';
  // Operations of a JSON patch: [{ op, path, value }].
  return path.length === 2 && (second === 'op' || second === 'path');
}

function addForms(value: string, values: Set<string>): void {
  const decoded = /^[A-Za-z0-9+/=\s]+$/.test(value) ? Buffer.from(value, 'base64').toString('utf8') : '';
  for (const form of [value, decoded, Buffer.from(value).toString('base64')]) {
    values.add(form);
    values.add(JSON.stringify(form).slice(1, -1));
    for (const line of form.split('\n')) values.add(line.trim());
  }
}
