// A git host for these tests: git's own http-backend behind a small server whose answers a test may break.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Seen {
  method: string;
  url: string;
  authorization: string | undefined;
  requestBytes: number;
  responseBytes: number;
}

/** Handles a request instead of git, or (returning a function) changes git's answer. */
export type Fault = (
  req: IncomingMessage,
  res: ServerResponse,
) => boolean | ((answer: Buffer) => Buffer | 'destroy' | 'hang');

export interface Host {
  url: string;
  dir: string;
  seen: Seen[];
  fault: Fault | undefined;
  /** Runs git in the bare repository. */
  git(...args: string[]): string;
  work: Work;
  close(): Promise<void>;
}

export interface Work {
  dir: string;
  git(...args: string[]): string;
  /** Writes files (null removes), commits and pushes; the commit's id. */
  commit(subject: string, files: Record<string, string | Buffer | null>, options?: { date?: string }): string;
}

export function gitIn(dir: string, ...args: string[]): string {
  const env = {
    ...process.env,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.com',
  };
  return execFileSync('git', args, {
    cwd: dir,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

export async function startHost(password?: string): Promise<Host> {
  const root = mkdtempSync(join(tmpdir(), 'pawl-host-'));
  const dir = join(root, 'team', 'shop.git');
  gitIn(root, 'init', '-q', '--bare', '-b', 'main', dir);
  gitIn(dir, 'config', 'http.receivepack', 'true');
  gitIn(dir, 'config', 'gc.auto', '0');
  gitIn(dir, 'config', 'receive.autogc', 'false');
  const workDir = join(root, 'work');
  gitIn(root, 'clone', '-q', dir, workDir);
  const seen: Seen[] = [];
  const server = createServer((req, res) => void answer(req, res));

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const entry: Seen = {
      method: req.method ?? '',
      url: req.url ?? '',
      authorization: req.headers.authorization,
      requestBytes: body.length,
      responseBytes: 0,
    };
    seen.push(entry);
    const fault = host.fault?.(req, res);
    if (fault === true) return;
    const expected = `Basic ${Buffer.from(`bot:${password}`).toString('base64')}`;
    if (password !== undefined && req.headers.authorization !== expected) {
      res.writeHead(401).end('no');
      return;
    }
    const url = new URL(req.url ?? '', 'http://host');
    const child = spawn('git', ['http-backend'], {
      env: {
        ...process.env,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        REQUEST_METHOD: req.method,
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: req.headers['content-type'] ?? '',
        CONTENT_LENGTH: String(body.length),
        GIT_PROTOCOL: String(req.headers['git-protocol'] ?? ''),
        REMOTE_USER: 'bot',
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(body);
    const out: Buffer[] = [];
    for await (const chunk of child.stdout) out.push(chunk as Buffer);
    const all = Buffer.concat(out);
    const split = all.indexOf('\r\n\r\n');
    let content: Buffer = all.subarray(split + 4);
    let status = 200;
    for (const line of all.subarray(0, split).toString('latin1').split('\r\n')) {
      const colon = line.indexOf(':');
      const value = line.slice(colon + 1).trim();
      if (line.slice(0, colon) === 'Status') status = Number.parseInt(value, 10);
      else res.setHeader(line.slice(0, colon), value);
    }
    if (typeof fault === 'function') {
      const changed = fault(content);
      if (changed === 'hang') return;
      if (changed === 'destroy') {
        res.destroy();
        return;
      }
      content = changed;
    }
    entry.responseBytes = content.length;
    res.writeHead(status).end(content);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const host: Host = {
    url: `http://127.0.0.1:${port}/team/shop.git`,
    dir,
    seen,
    fault: undefined,
    git: (...args) => gitIn(dir, ...args),
    work: makeWork(workDir),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, { recursive: true, force: true });
    },
  };
  return host;
}

function makeWork(dir: string): Work {
  const git = (...args: string[]) => gitIn(dir, ...args);
  return {
    dir,
    git,
    commit(subject, files, options = {}) {
      for (const [path, content] of Object.entries(files)) {
        if (content === null) git('rm', '-q', '-r', path);
        else {
          const full = join(dir, path);
          execFileSync('mkdir', ['-p', join(full, '..')]);
          writeFileSync(full, content);
        }
      }
      git('add', '-A');
      const dated = options.date === undefined ? [] : ['--date', options.date];
      git('commit', '-q', '--allow-empty', '-m', subject, ...dated);
      git('push', '-q', 'origin', 'HEAD:main');
      return git('rev-parse', 'HEAD');
    },
  };
}
