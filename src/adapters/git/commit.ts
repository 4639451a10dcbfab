// Git's commit objects: read as git reads them (by position: a tree, then the parents, then the rest), and
// written so that the same request gives the same bytes.

import { PawlError } from '../../model/errors.ts';
import type { Commit, Person } from '../../model/commit.ts';

/** Throws an Error for bytes that are no commit. */
export function parseCommit(oid: string, bytes: Uint8Array): Commit {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blank = buffer.indexOf('\n\n');
  const head = blank < 0 ? buffer : buffer.subarray(0, blank);
  const lines = head.toString('latin1').split('\n');
  const tree = /^tree ([0-9a-f]{40})$/.exec(lines[0] ?? '')?.[1];
  if (tree === undefined) throw new Error('not a commit object');

  const parents: string[] = [];
  let next = 1;
  for (; next < lines.length; next++) {
    const parent = /^parent ([0-9a-f]{40})$/.exec(lines[next] ?? '')?.[1];
    if (parent === undefined) break;
    parents.push(parent);
  }
  const rest = lines.slice(next);
  const decode = decoderOf(valueOf(rest, 'encoding'));
  const author = parsePerson(valueOf(rest, 'author') ?? '', decode);
  const message = blank < 0 ? '' : decode(buffer.subarray(blank + 2));
  return { oid, parents, tree, message, ...author };
}

function valueOf(lines: readonly string[], header: string): string | undefined {
  return lines.find((line) => line.startsWith(`${header} `))?.slice(header.length + 1);
}

function parsePerson(
  line: string,
  decode: (bytes: Uint8Array) => string,
): Pick<Commit, 'author' | 'authoredAt'> {
  const found = /^(.*?) ?<([^<>]*)> (-?\d+) [+-]\d+$/.exec(line);
  const authoredAt = Number(found?.[3] ?? 0);
  return {
    author: {
      name: decode(Buffer.from(found?.[1] ?? '', 'latin1')),
      email: decode(Buffer.from(found?.[2] ?? '', 'latin1')),
    },
    authoredAt: Number.isSafeInteger(authoredAt) ? authoredAt : 0,
  };
}

function decoderOf(encoding: string | undefined): (bytes: Uint8Array) => string {
  try {
    const decoder = new TextDecoder(encoding ?? 'utf-8');
    return (bytes) => decoder.decode(bytes);
  } catch {
    return (bytes) => Buffer.from(bytes).toString('utf8');
  }
}

export interface NewCommit {
  tree: string;
  parent: string;
  author: Person;
  /** Seconds since the epoch. */
  at: number;
  message: string;
}

export function formatCommit(commit: NewCommit): Buffer {
  if (!Number.isSafeInteger(commit.at) || commit.at < 0)
    throw badCommit('its time is no whole number of seconds');
  if (commit.message.includes('\0')) throw badCommit('its message holds a NUL');
  const who = `${personPart(commit.author.name) || 'Pawl'} <${personPart(commit.author.email)}> ${commit.at} +0000`;
  const head = `tree ${commit.tree}\nparent ${commit.parent}\nauthor ${who}\ncommitter ${who}\n`;
  return Buffer.from(`${head}\n${commit.message.replace(/\n*$/, '\n')}`, 'utf8');
}

/** Git takes out what would end the field, and edges that it calls crud. */
function personPart(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f<>]/g, '').replace(/^[\s.,:;"'\\]+|[\s.,:;"'\\]+$/g, '');
}

function badCommit(why: string): PawlError {
  return new PawlError({ code: 'GitBadCommit', message: `the commit cannot be made: ${why}` });
}
