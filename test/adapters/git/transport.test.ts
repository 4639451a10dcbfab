// Hosts that are no git server, or a hostile one: answers that git's own server never gives.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clean } from '../../../src/adapters/git/errors.ts';
import { makeGit } from '../../../src/adapters/git/git.ts';

const line = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text;
const V2 = `${line('# service=git-upload-pack\n')}0000${line('version 2\n')}${line('ls-refs\n')}0000`;
const HEAD = 'a'.repeat(40);
const credentials = { username: 'bot', password: 'hunter2' };
const ADVERTISEMENT = { 'content-type': 'application/x-git-upload-pack-advertisement' };
const RESULT = { 'content-type': 'application/x-git-upload-pack-result' };

async function listen(
  answer: RequestListener,
): Promise<{ url: string; port: number; seen: (string | undefined)[] }> {
  const seen: (string | undefined)[] = [];
  const server = createServer((req, res) => {
    seen.push(req.headers.authorization);
    req.resume();
    answer(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/shop.git`, port, seen };
}

function adapter(options: { maxPackBytes?: number } = {}) {
  const cacheDir = mkdtempSync(join(tmpdir(), 'pawl-transport-'));
  const git = makeGit({ cacheDir, maxPackBytes: 1_000_000, timeoutMs: 5_000, ...options });
  onTestFinished(async () => {
    await git.close();
    rmSync(cacheDir, { recursive: true, force: true });
  });
  return (url: string) => git.head({ url, branch: 'main', credentials }, AbortSignal.timeout(10_000));
}

/** A host that speaks protocol 2 and lists refs as it is told. */
const lists =
  (refs: string, headers = RESULT): RequestListener =>
  (req, res) => {
    if (req.method === 'GET') res.writeHead(200, ADVERTISEMENT).end(V2);
    else res.writeHead(200, headers).end(refs);
  };

describe('an answer that is not whole, or not git, is an error and never "no such branch"', () => {
  const table = [
    {
      name: 'a list that ends early',
      answer: lists(line(`${HEAD} refs/heads/other\n`)),
      want: 'GitUnreachable',
    },
    { name: 'an empty list without its end', answer: lists(''), want: 'GitUnreachable' },
    { name: 'half a line', answer: lists('003f1234'), want: 'GitUnreachable' },
    {
      name: 'a page in place of the list',
      answer: lists('<html>', { 'content-type': 'text/html' }),
      want: 'GitNotFound',
    },
    {
      name: 'a page in place of everything',
      answer: ((_, res) =>
        res.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in')) as RequestListener,
      want: 'GitNotFound',
    },
    {
      name: 'an id that is none',
      answer: lists(`${line('nonsense refs/heads/main\n')}0000`),
      want: 'GitUnreachable',
    },
    {
      name: 'an id of SHA-256',
      answer: lists(`${line(`${'a'.repeat(64)} refs/heads/main\n`)}0000`),
      want: 'GitUnreachable',
    },
    {
      name: 'an error in the protocol',
      answer: lists(line('ERR access denied for token=hunter2\n')),
      want: 'GitUnreachable',
    },
    {
      name: 'an advertisement of protocol 1 that ends early',
      answer: ((_, res) => {
        const refs = line(`${HEAD} refs/heads/a\0 agent=x\n`) + line(`${HEAD} refs/heads/b\n`);
        res.writeHead(200, ADVERTISEMENT).end(`${line('# service=git-upload-pack\n')}0000${refs}`);
      }) as RequestListener,
      want: 'GitUnreachable',
    },
    {
      name: 'an empty advertisement',
      answer: ((_, res) => res.writeHead(200, ADVERTISEMENT).end()) as RequestListener,
      want: 'GitUnreachable',
    },
    {
      name: 'garbage of the right type',
      answer: ((_, res) => res.writeHead(200, ADVERTISEMENT).end('xyz0000')) as RequestListener,
      want: 'GitUnreachable',
    },
  ];
  test.each(table)('$name', async ({ answer, want }) => {
    const { url } = await listen(answer);
    await expect(adapter()(url)).rejects.toMatchObject({ code: want, hint: expect.any(String) });
  });

  test('while a whole list without the branch means that there is none', async () => {
    const { url } = await listen(lists(`${line(`${HEAD} refs/heads/main2\n`)}0000`));
    expect(await adapter()(url)).toBeUndefined();
  });

  test('a list over the limit is refused', async () => {
    const { url } = await listen(lists(`${line(`${HEAD} refs/heads/main\n`).repeat(20_000)}0000`));
    await expect(adapter()(url)).rejects.toMatchObject({ code: 'GitTooLarge' });
  });

  test('a connection that drops once is tried again', async () => {
    let requests = 0;
    const ok = lists(`${line(`${HEAD} refs/heads/main\n`)}0000`);
    const { url } = await listen((req, res) => (++requests === 1 ? req.socket.destroy() : ok(req, res)));
    expect(await adapter()(url)).toBe(HEAD);
  });
});

describe('redirects', () => {
  test('to another host are refused, and no credentials go there', async () => {
    const thief = await listen((_, res) => res.writeHead(200, ADVERTISEMENT).end(V2));
    const { url } = await listen((req, res) =>
      res.writeHead(302, { location: `http://127.0.0.1:${thief.port}${req.url}` }).end(),
    );
    await expect(adapter()(url)).rejects.toMatchObject({ code: 'GitRedirected', retry: 'never' });
    expect(thief.seen).toEqual([]);
  });

  test.each([
    'https://127.0.0.1:1/x',
    '//evil.example/shop.git/info/refs',
    'http://a:b@127.0.0.1/',
    'ftp://x',
    ':::',
    '',
  ])('to %j are refused', async (location) => {
    const { url } = await listen((_, res) => res.writeHead(301, { location }).end());
    await expect(adapter()(url)).rejects.toMatchObject({
      code: expect.stringMatching(/^Git(Redirected|Unreachable)$/),
    });
  });

  test('within the host are followed, for the second request too', async () => {
    const ok = lists(`${line(`${HEAD} refs/heads/main\n`)}0000`);
    const paths: string[] = [];
    const { url } = await listen((req, res) => {
      paths.push(req.url ?? '');
      if (req.url?.startsWith('/shop.git')) {
        res.writeHead(301, { location: (req.url ?? '').replace('/shop.git', '/team/shop.git') }).end();
      } else ok(req, res);
    });
    expect(await adapter()(url)).toBe(HEAD);
    expect(paths.at(-1)).toBe('/team/shop.git/git-upload-pack');
  });

  test('in a circle end', async () => {
    const { url, seen } = await listen((req, res) => res.writeHead(302, { location: req.url ?? '' }).end());
    await expect(adapter()(url)).rejects.toMatchObject({ code: 'GitUnreachable' });
    expect(seen.length).toBeLessThan(6);
  });
});

describe('what a host says is shown without what may be secret', () => {
  const table = [
    { text: 'see https://bot:hunter2@host/x', want: 'see https://host/x' },
    { text: 'Authorization: Basic aHVudGVyMg==', want: 'Authorization: …' },
    { text: 'sent Bearer hunter2hunter2', want: 'sent Bearer …' },
    { text: 'two\nlines\r\n\tand more', want: 'two lines and more' },
    { text: '\u001b[31mred\u202e\u200b', want: '[31mred' },
    { text: 'x'.repeat(400), want: `${'x'.repeat(299)}…` },
  ];
  test.each(table)('$text', ({ text, want }) => expect(clean(text)).toBe(want));
});
