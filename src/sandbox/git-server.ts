// A git server: git's own CGI (`git http-backend`) behind HTTP on 127.0.0.1, with bare repositories in one folder.
// What it does on the wire is what git does; faults that a test orders are laid over it (git-faults.ts).
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { createFolder } from './folder.ts';
import { type GitUser, identifyUser, type KnownUser } from './git-access.ts';
import { type GitCall, runHttpBackend, serverGitEnvironment } from './git-backend.ts';
import { faultApplies, type GitFault, type GitOperation } from './git-faults.ts';

const run = promisify(execFile);

export interface GitRequest {
  method: string;
  /** With the query. */
  path: string;
  operation: GitOperation;
  /** Undefined: nobody, or nobody we know. */
  user: string | undefined;
  /** Of the body. */
  requestBytes: number;
  responseBytes: number;
  /** 0: the connection was cut before an answer. */
  status: number;
}

export interface GitServerOptions {
  /** Where the repositories are kept; by default a folder that goes with the server, however it ends (folder.ts). */
  root?: string;
  /** 0: any free one. */
  port?: number;
  /** Who may do what. Without it everyone may read and push. */
  users?: Record<string, GitUser>;
}

export interface RepositoryOptions {
  /** What HEAD points to; default: main. */
  branch?: string;
  /** Scripts by the name of the hook, such as `pre-receive`. */
  hooks?: Record<string, string>;
}

export interface GitServer {
  /** http://127.0.0.1:<port> */
  url: string;
  root: string;
  /** All requests so far, in the order in which they ended. */
  requests: readonly GitRequest[];
  /** Creates a bare repository; `name` may hold slashes. Returns its URL. */
  createRepository(name: string, options?: RepositoryOptions): Promise<string>;
  repositoryUrl(name: string): string;
  /** Its folder on disk, for looking in from behind. */
  repositoryDir(name: string): string;
  /** Writes the script of a hook; undefined removes it. */
  setHook(repository: string, hook: string, script: string | undefined): void;
  /** Replaces all users: how a password is changed or a right withdrawn. */
  setUsers(users: Record<string, GitUser> | undefined): void;
  /** What goes wrong from now on; undefined ends it. */
  setFault(fault: GitFault | undefined): void;
  /** Keeps the repository as it is now, for the fault `stale`. */
  freeze(name: string): string;
  mark(): number;
  since(mark: number): GitRequest[];
  close(): Promise<void>;
}

interface State {
  root: string;
  users: Record<string, GitUser> | undefined;
  fault: { fault: GitFault; left: number } | undefined;
  requests: GitRequest[];
}

export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const folder = options.root === undefined ? createFolder() : undefined;
  const root = options.root ?? join(folder?.path ?? '', 'repositories');
  mkdirSync(root, { recursive: true });
  const state: State = { root, users: options.users, fault: undefined, requests: [] };
  const calls = new Set<GitCall>();
  const sockets = new Set<Socket>();

  const server = createServer((request, response) => {
    void answer(state, calls, request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  server.on('connection', (socket) => {
    if (state.fault?.fault.kind === 'down') {
      socket.resetAndDestroy();
      return;
    }
    // A kept-alive connection must not keep a program alive; the server itself does.
    socket.unref();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${port}`;
  const repositoryDir = (name: string) => join(root, `${name}.git`);
  const setHook = (repository: string, hook: string, script: string | undefined) => {
    const path = join(repositoryDir(repository), 'hooks', hook);
    if (script === undefined) return rmSync(path, { force: true });
    writeFileSync(path, script);
    chmodSync(path, 0o755);
  };
  let frozen = 0;

  return {
    url,
    root,
    requests: state.requests,
    repositoryUrl: (name) => `${url}/${name}.git`,
    repositoryDir,
    setHook,
    async createRepository(name, { branch = 'main', hooks = {} } = {}) {
      const dir = repositoryDir(name);
      mkdirSync(dir, { recursive: true });
      const git = (...args: string[]) => run('git', args, { env: serverGitEnvironment({}) });
      await git('init', '--quiet', '--bare', '--template=', `--initial-branch=${branch}`, dir);
      // In the repository itself, as a push by its folder brings settings of its own.
      await git('-C', dir, 'config', 'receive.autogc', 'false');
      mkdirSync(join(dir, 'hooks'), { recursive: true });
      for (const [hook, script] of Object.entries(hooks)) setHook(name, hook, script);
      return `${url}/${name}.git`;
    },
    setUsers(users) {
      state.users = users;
    },
    setFault(fault) {
      state.fault = fault && { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
      if (fault?.kind !== 'down') return;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze(name) {
      const snapshot = join(root, '.frozen', String(++frozen));
      cpSync(repositoryDir(name), snapshot, { recursive: true });
      return snapshot;
    },
    mark: () => state.requests.length,
    since: (mark) => state.requests.slice(mark),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      for (const call of calls) call.kill();
      await Promise.all([closed, ...[...calls].map((call) => call.ended)]);
      folder?.remove();
    },
  };
}

async function answer(
  state: State,
  calls: Set<GitCall>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://git');
  const operation = operationOf(url);
  const user = identifyUser(state.users, request.headers.authorization);
  const entry: GitRequest = {
    method: request.method ?? '',
    path: request.url ?? '',
    operation,
    user: user?.name,
    requestBytes: 0,
    responseBytes: 0,
    status: 0,
  };
  request.on('data', (part: Buffer) => {
    entry.requestBytes += part.length;
  });
  request.pause();
  response.once('close', () => {
    entry.status = response.headersSent ? response.statusCode : 0;
    state.requests.push(entry);
  });

  const refused = refusal(state.users, user, operation);
  if (refused !== undefined) {
    request.resume();
    response.writeHead(refused, refused === 401 ? { 'www-authenticate': 'Basic realm="git"' } : {});
    response.end();
    return;
  }
  const path = decodeURIComponent(url.pathname);
  if (operation === 'other' || normalize(path) !== path) {
    request.resume();
    response.writeHead(404).end();
    return;
  }

  const fault = takeFault(state, operation);
  if (fault?.kind === 'status') {
    request.resume();
    response.writeHead(fault.code, fault.headers).end(fault.body);
    return;
  }
  if (fault?.kind === 'silent') return;
  if (fault?.kind === 'beforeReceive') await fault.run();

  const call = runHttpBackend({ root: state.root, request, url, path, user: user?.name, fault });
  calls.add(call);
  void call.ended.then(() => calls.delete(call));
  await call.sendTo(response, (bytes) => {
    entry.responseBytes += bytes;
  });
}

/** Counts the fault down if it applies to this request. */
function takeFault(state: State, operation: GitOperation): GitFault | undefined {
  if (state.fault === undefined || !faultApplies(state.fault.fault, operation)) return undefined;
  const { fault } = state.fault;
  state.fault.left--;
  if (state.fault.left <= 0) state.fault = undefined;
  return fault;
}

function operationOf(url: URL): GitOperation {
  if (url.pathname.endsWith('/info/refs')) {
    const service = url.searchParams.get('service');
    if (service === 'git-upload-pack') return 'upload-pack refs';
    if (service === 'git-receive-pack') return 'receive-pack refs';
  }
  if (url.pathname.endsWith('/git-upload-pack')) return 'upload-pack';
  if (url.pathname.endsWith('/git-receive-pack')) return 'receive-pack';
  return 'other';
}

function refusal(
  users: Record<string, GitUser> | undefined,
  user: KnownUser | undefined,
  operation: GitOperation,
): number | undefined {
  if (users === undefined) return undefined;
  if (user === undefined) return 401;
  const pushes = operation === 'receive-pack' || operation === 'receive-pack refs';
  return pushes && !user.mayPush ? 403 : undefined;
}
