// One call of `git http-backend`: the request's body goes in, a CGI answer comes out, and a fault may get in the way.
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { GitFault } from './git-faults.ts';

export interface BackendRequest {
  root: string;
  request: IncomingMessage;
  url: URL;
  /** Decoded and checked. */
  path: string;
  user: string | undefined;
  fault: GitFault | undefined;
}

export interface GitCall {
  ended: Promise<void>;
  kill(): void;
  /** Passes the answer on; `count` hears of each part of the body. */
  sendTo(response: ServerResponse, count: (bytes: number) => void): Promise<void>;
}

export function runHttpBackend({ root, request, url, path, user, fault }: BackendRequest): GitCall {
  const child = spawn('git', ['http-backend'], {
    env: serverGitEnvironment(
      {
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: path,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        // No CONTENT_LENGTH: http-backend then reads to the end. With one, it turns in a loop for ever when the end
        // comes early, as it does when we are killed. It unpacks gzip by itself.
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_ADDR: '127.0.0.1',
        REMOTE_USER: user ?? '',
        ...(fault?.kind === 'stale' && frozenRepository(fault.snapshot, path)),
      },
      fault?.kind === 'packDies' ? { 'uploadpack.packObjectsHook': dyingPackHook(fault.afterBytes) } : {},
    ),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  child.stdin.on('error', () => {}); // git stopped reading: its answer says why
  request.once('close', () => {
    if (!request.complete) child.kill('SIGTERM');
  });
  request.pipe(child.stdin);
  return {
    ended,
    kill: () => child.kill('SIGKILL'),
    async sendTo(response, count) {
      let head = Buffer.alloc(0);
      let sent = 0;
      const dropsAnswer = fault?.kind === 'afterReceiveDrop';
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        let body: Buffer = chunk;
        if (dropsAnswer) continue;
        if (!response.headersSent) {
          head = Buffer.concat([head, chunk]);
          const end = head.indexOf('\r\n\r\n');
          if (end < 0) continue;
          const { status, headers } = parseCgiHead(head.subarray(0, end).toString('latin1'));
          response.writeHead(status, headers);
          body = head.subarray(end + 4);
        }
        if (fault?.kind === 'cut' && sent + body.length >= fault.afterBytes) {
          body = body.subarray(0, fault.afterBytes - sent);
          count(body.length);
          response.write(body, () => response.destroy());
          child.kill('SIGTERM');
          return;
        }
        sent += body.length;
        if (!(await write(response, body, fault, count))) break;
      }
      if (dropsAnswer) {
        await ended;
        response.destroy();
      } else if (!response.headersSent) {
        response.writeHead(500).end('git http-backend gave no answer');
      } else {
        response.end();
      }
    },
  };
}

/** False if the client has gone. */
async function write(
  response: ServerResponse,
  body: Buffer,
  fault: GitFault | undefined,
  count: (bytes: number) => void,
): Promise<boolean> {
  const slices = fault?.kind === 'slow' ? Math.ceil(fault.bytesPerSecond / 10) : body.length;
  for (let at = 0; at < body.length; at += slices) {
    if (response.destroyed) return false;
    const part = body.subarray(at, at + slices);
    count(part.length);
    await new Promise<void>((resolve) => response.write(part, () => resolve()));
    if (fault?.kind === 'slow') await delay(100);
  }
  return !response.destroyed;
}

function parseCgiHead(text: string): { status: number; headers: [string, string][] } {
  let status = 200;
  const headers: [string, string][] = [];
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const [name, value] = [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else headers.push([name, value]);
  }
  return { status, headers };
}

/** Serves a snapshot under the repository's own address. */
function frozenRepository(snapshot: string, path: string): Record<string, string> {
  const service = /\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(path)?.[0] ?? '';
  return { GIT_PROJECT_ROOT: snapshot, PATH_INFO: service };
}

/**
 * A pack that ends early because the program that makes it dies. Its message is not in the pack: upload-pack itself
 * tells the client that it gives up, on side band 3.
 */
function dyingPackHook(afterBytes: number): string {
  return `sh -c '"$@" | head -c ${afterBytes}; exit 1' pack`;
}

/** Nothing of the machine's or the user's git configuration, and no work in the background. */
export function serverGitEnvironment(
  cgi: Record<string, string>,
  config: Record<string, string> = {},
): Record<string, string | undefined> {
  const settings = Object.entries({
    'safe.directory': '*',
    'http.receivepack': 'true',
    'uploadpack.allowFilter': 'true',
    'receive.autogc': 'false',
    'gc.auto': '0',
    'maintenance.auto': 'false',
    'transfer.advertiseSID': 'false',
    ...config,
  });
  return {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
    ...cgi,
  };
}
