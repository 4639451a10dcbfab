// Texts that others wrote (subjects, names, paths, what a host says), as they may stand in a line of ours.

/** Control characters, line ends of every kind, and what hides or turns text around. */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g;

/** On one line, without {@link UNSEEN} characters, at most `maxLength` characters (of UTF-16). */
export function oneLine(text: string, maxLength: number): string {
  const line = text.replace(UNSEEN, ' ').replace(/ {2,}/g, ' ').trim().toWellFormed();
  return line.length > maxLength ? `${line.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…` : line;
}
