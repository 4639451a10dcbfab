// Objects as YAML for people to read and to compare line by line: keys in a fixed order, one value per line.

const FIRST = ['apiVersion', 'kind', 'metadata'];

export function toYaml(value: unknown): string {
  return `${linesOf(value).join('\n')}\n`;
}

function linesOf(value: unknown): string[] {
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap((item) => indented(linesOf(item), '- ', '  '));
  }
  if (isRecord(value) && Object.keys(value).length > 0) {
    return sortedKeys(value).flatMap((key) => entryLines(key, value[key]));
  }
  return [scalar(value)];
}

function entryLines(key: string, value: unknown): string[] {
  const name = `${plainOrQuoted(key)}:`;
  if (isBlock(value)) {
    const keep = value.endsWith('\n') ? '|' : '|-';
    const text = value.endsWith('\n') ? value.slice(0, -1) : value;
    return [`${name} ${keep}`, ...text.split('\n').map((line) => (line === '' ? '' : `  ${line}`))];
  }
  if (Array.isArray(value) && value.length > 0) return [name, ...linesOf(value)];
  if (isRecord(value) && Object.keys(value).length > 0)
    return [name, ...indented(linesOf(value), '  ', '  ')];
  return [`${name} ${scalar(value)}`];
}

function indented(lines: readonly string[], first: string, rest: string): string[] {
  return lines.map((line, index) => (line === '' ? '' : `${index === 0 ? first : rest}${line}`));
}

function sortedKeys(record: Record<string, unknown>): string[] {
  const rank = (key: string) => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);
  return Object.keys(record)
    .filter((key) => record[key] !== undefined)
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** Text of several lines, of which each can stand as it is. */
function isBlock(value: unknown): value is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they could not stand in a block
  return (
    typeof value === 'string' &&
    /^[^\s][^\n]*\n./s.test(value) &&
    !/[\u0000-\u0008\u000b-\u001f]/.test(value) &&
    !value.endsWith('\n\n')
  );
}

function scalar(value: unknown): string {
  if (typeof value === 'string') return plainOrQuoted(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return '[]';
  if (isRecord(value)) return '{}';
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'null');
}

/** Words that YAML 1.1, which Kubernetes reads, takes for something else than text. */
const NOT_TEXT = /^(~|null|true|false|yes|no|on|off|y|n|[-+.]?[0-9].*|\.(inf|nan))$/i;

function plainOrQuoted(text: string): string {
  const isPlain = /^[A-Za-z0-9/_.$(][\w ./@:$(),+=%!~^<>;?&*|-]*$/.test(text);
  if (!isPlain || NOT_TEXT.test(text) || /: | #|:$| $/.test(text)) return JSON.stringify(text);
  return text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
