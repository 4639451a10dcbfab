// The branch as it is in the server's repository, read by git itself.

import type { Commit } from '../model/commit.ts';
import type { WorkingCopy } from '../sandbox/working-copy.ts';

const FIELDS = ['%H', '%P', '%T', '%an', '%ae', '%at', '%B'];

/** All commits, newest first. `gitDir`: of the bare repository. */
export async function readBranch(person: WorkingCopy, gitDir: string, branch: string): Promise<Commit[]> {
  return parseLog(
    await person.git('--git-dir', gitDir, 'log', '-z', `--format=${FIELDS.join('%x00')}`, branch, '--'),
  );
}

/** Every field, the last one of a commit too, ends with a NUL. */
export function parseLog(text: string): Commit[] {
  const fields = text.split('\0');
  const commits: Commit[] = [];
  for (let at = 0; at + FIELDS.length <= fields.length; at += FIELDS.length) {
    const [oid = '', parents = '', tree = '', name = '', email = '', authoredAt = '', message = ''] =
      fields.slice(at, at + FIELDS.length);
    commits.push({
      oid,
      parents: parents.split(' ').filter((parent) => parent !== ''),
      tree,
      message,
      author: { name, email },
      authoredAt: Number(authoredAt),
    });
  }
  return commits;
}
