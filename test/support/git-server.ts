// A git server for one test file: started when first asked for, gone when the file ends.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type GitServer, type GitServerOptions, startGitServer } from '../../src/sandbox/git-server.ts';
import { type WorkingCopy, type WorkingCopyOptions, workingCopy } from '../../src/sandbox/working-copy.ts';

const servers: GitServer[] = [];
const folders: string[] = [];

afterAll(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export async function testGitServer(options?: GitServerOptions): Promise<GitServer> {
  const server = await startGitServer(options);
  servers.push(server);
  return server;
}

/** A folder that goes when the test file ends. */
export function temporaryFolder(name = 'folder'): string {
  const path = mkdtempSync(join(tmpdir(), `pawl-test-${name}-`));
  folders.push(path);
  return path;
}

/** A new repository and a person's working copy of it, with `files` as its first commit. */
export async function testRepository(
  server: GitServer,
  name: string,
  files: Record<string, string> = { 'README.md': `${name}\n` },
  options?: WorkingCopyOptions,
): Promise<{ url: string; person: WorkingCopy; firstCommit: string }> {
  const url = await server.createRepository(name);
  const person = await workingCopy(server, name, temporaryFolder(name.replaceAll('/', '-')), options);
  const firstCommit = await person.publish('first commit', files);
  return { url, person, firstCommit };
}
