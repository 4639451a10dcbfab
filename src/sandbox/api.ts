// Bare requests to an API server, for what starts it and for tests: no client library, nothing of Pawl's own.
import type { OutgoingHttpHeaders } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';

export interface ApiRequest {
  method?: string;
  path: string;
  /** Sent as JSON. */
  body?: unknown;
  /** For PATCH, such as application/apply-patch+yaml. */
  contentType?: string;
  /** Instead of the API's own credentials. */
  token?: string;
  headers?: Record<string, string>;
}

export interface ApiResponse {
  status: number;
  /** Parsed if it is JSON, otherwise the text. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the caller knows what it asked for
  body: any;
}

export interface Api {
  /** Any answer is a result, 404 and 500 too; only a missing answer is an error. */
  request(request: ApiRequest): Promise<ApiResponse>;
  close(): void;
}

/** What proves to each side who the other is. */
export type Credentials = Omit<RequestOptions, 'headers' | 'agent'> & { headers?: OutgoingHttpHeaders };

export function connectApi({ server, caPem, token }: { server: string; caPem: string; token: string }): Api {
  const headers = { authorization: `Bearer ${token}` };
  return connectApiWith(server, async () => ({ ca: caPem, headers }));
}

/** `credentials` is asked before each request: tokens may expire. */
export function connectApiWith(server: string, credentials: () => Promise<Credentials>): Api {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  return {
    request: async (asked) => await send(server, agent, await credentials(), asked),
    close: () => agent.destroy(),
  };
}

function send(server: string, agent: Agent, own: Credentials, asked: ApiRequest): Promise<ApiResponse> {
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(asked.path, server), {
      ...own,
      agent,
      method: asked.method ?? 'GET',
      headers: {
        ...own.headers,
        accept: 'application/json',
        ...(asked.token !== undefined && { authorization: `Bearer ${asked.token}` }),
        ...(body !== undefined && {
          'content-type': asked.contentType ?? 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
        ...asked.headers,
      },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      incoming.once('error', reject);
      incoming.once('end', () => {
        const isJson = incoming.headers['content-type']?.startsWith('application/json') ?? false;
        resolve({ status: incoming.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
      });
    });
    outgoing.end(body);
  });
}
