// The edge to the terminal. Texts from commits, objects and servers may hold escape sequences that write to a
// terminal whatever they like, and characters that hide or turn text around; none of them leaves here.

const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Line breaks and tabs stay; everything else that would not be seen is written as an escape. */
export function safe(text: string): string {
  return text
    .toWellFormed()
    .replace(UNSAFE, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** JSON with the same characters escaped, which is the same JSON. */
export function safeJson(data: unknown): string {
  return `${safe(JSON.stringify(data, null, 2))}\n`;
}
