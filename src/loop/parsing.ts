// Which files of a commit are parsed, and where: those that were not part of one of the last two renders, and more
// than a little of them in a thread of its own, so that the other Apps are seen to meanwhile.

import { PawlError } from '../model/errors.ts';
import type { SourceFile, TreeFile } from '../model/manifest.ts';
import { LIMITS } from '../render/documents.ts';
import { mebibytes, parse, type Parsed, type ParsedFile, tooMuch } from '../render/render.ts';
import type { Run } from './context.ts';

/**
 * As parseFile for each, elsewhere. Stops early where a limit is reached that fails the whole anyway. `who`:
 * for whom, as they take turns. Throws PawlError `ParseTimedOut`.
 */
export type ParseAside = (
  files: readonly SourceFile[],
  signal: AbortSignal,
  who: string,
) => Promise<ParsedFile[]>;

/** Parsing this much takes some 20 ms. */
const MAX_BYTES_HERE = 256 * 1024;
/** Files that are read at once, so that a commit of far too much is noticed before all of it is in memory. */
const READ_AT_ONCE = 64;

export async function parsedFiles(run: Run, files: readonly TreeFile[]): Promise<Parsed> {
  const { session, ctx } = run;
  const known = (file: TreeFile): ParsedFile | undefined =>
    session.parsed.now.get(nameOf(file)) ?? session.parsed.before.get(nameOf(file));
  const before = files.flatMap((file) => known(file) ?? []);
  const fresh = await readFiles(
    run,
    files.filter((file) => known(file) === undefined),
    before,
  );
  if (typeof fresh === 'string') return tooMuch(files, fresh);
  const bytes = fresh.reduce((sum, file) => sum + file.content.byteLength, 0);
  const aside = bytes > MAX_BYTES_HERE ? ctx.parseAside : undefined;
  const read =
    aside === undefined
      ? fresh
      : await aside(fresh, run.signal, `${session.name.namespace}/${session.name.name}`);
  const parsed = parse([...read, ...before], LIMITS, files);
  session.parsed = {
    before: session.parsed.now,
    now: new Map(parsed.files.map((file) => [nameOf(file), file])),
  };
  return parsed;
}

/** Or why they are more than an App may hold, together with what is known already. Throws what git throws. */
async function readFiles(
  run: Run,
  files: readonly TreeFile[],
  known: readonly ParsedFile[],
): Promise<SourceFile[] | string> {
  if (files.length + known.length > LIMITS.maxFiles) return `more than ${LIMITS.maxFiles} files`;
  const read: SourceFile[] = [];
  let bytes = known.reduce((sum, file) => sum + file.bytes, 0);
  try {
    for (let at = 0; at < files.length; at += READ_AT_ONCE) {
      const some = await run.ctx.git.read(run.repository, files.slice(at, at + READ_AT_ONCE));
      bytes += some.reduce((sum, file) => sum + file.content.byteLength, 0);
      if (bytes > LIMITS.maxTotalBytes) return `more than ${mebibytes(LIMITS.maxTotalBytes)} in all`;
      for (const file of some) read.push(file);
    }
  } catch (error) {
    // A file that is too large to be read is the commit's fault, like one that cannot be parsed.
    if (error instanceof PawlError && error.code === 'GitTooLarge') return error.message;
    throw error;
  }
  return read;
}

/** What is parsed of a file depends on its place too: problems and origins name it. */
function nameOf({ oid, mode, path }: TreeFile): string {
  return `${oid} ${mode} ${path}`;
}
