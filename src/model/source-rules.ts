// Where an App's manifests are, as people write it: the rules for URL, branch and path.
// No refusal quotes the URL: it may hold a password.

export type Invalid = (message: string, hint: string) => void;

/** One spelling for one repository; empty where it was refused. */
export function normaliseUrl(text: string, invalid: Invalid): string {
  const field = 'spec.source.url';
  // git's own short form, `git@host:team/repo.git`, is ssh as well.
  if (/^ssh:/i.test(text) || /^[^/:@\s]+@[^/:\s]+:/.test(text)) {
    invalid(
      `${field}: ssh is not supported by this version of Pawl`,
      'Use https, with a token in secretRef.',
    );
    return '';
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:\/\/[^/]/i.test(text) || url.hostname === '') {
    invalid(`${field} is not an http or https URL`, 'Write it like https://git.example.com/team/shop.git.');
    return '';
  }
  if (url.username !== '' || url.password !== '') {
    invalid(`${field} holds a user name or password`, 'Put them into a Secret and name it in secretRef.');
    return '';
  }
  // Blanks and control characters would be dropped or escaped by the parser: another URL than was written.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
  if (/[?#\\\u0000-\u0020\u007f]/.test(text)) {
    invalid(`${field} holds a query, a fragment, a backslash or a blank`, 'Write the plain address.');
    return '';
  }
  return url.href.replace(/\/+$/, '');
}

/** Without leading, trailing and doubled slashes; undefined for what leads out of the repository. */
export function normalisePath(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
  if (text.startsWith('/') || /[\\\u0000-\u001f\u007f]/.test(text)) return undefined;
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  return parts.some((part) => part === '..' || part.toLowerCase() === '.git') ? undefined : parts.join('/');
}

/** The rules of `git check-ref-format --branch`. */
export function isBranchName(name: string): boolean {
  if (name === '' || name === '@' || name.length > 255 || name.startsWith('-') || name.endsWith('.'))
    return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
  if (/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{/.test(name) || name.startsWith('refs/')) return false;
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
}
