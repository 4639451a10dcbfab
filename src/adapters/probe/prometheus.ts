// Instant queries to the installation's Prometheus, by its HTTP API (/api/v1/query). Its address and token are the
// agent's, never an App's, and only numbers of its answers are passed on: labels stay here.

import { readFile } from 'node:fs/promises';
import { Client } from 'undici';
import { messageOf } from '../../model/errors.ts';
import { oneLine } from '../../model/text.ts';
import type { MetricAnswer, Prometheus } from '../../ports.ts';

export interface PrometheusOptions {
  /** http or https; a path before `/api` is kept. */
  url: string;
  /** Read again for each query: tokens are renewed. */
  tokenFile?: string;
}

const TIMEOUT_MS = 10_000;
/** Some three hundred series; more have to be aggregated by the query, as parsing holds up every App. */
const MAX_ANSWER_BYTES = 64 * 1024;
const TOO_LARGE: MetricAnswer = {
  kind: 'refused',
  message: 'Prometheus answers the query with more than 64 KiB: let the query aggregate',
};
const MAX_TOKEN_BYTES = 64 * 1024;

export function makePrometheus({ url, tokenFile }: PrometheusOptions): Prometheus {
  const base = new URL(url);
  const path = `${base.pathname.replace(/\/+$/, '')}/api/v1/query`;
  return {
    async query(query, signal) {
      signal.throwIfAborted();
      const client = new Client(base.origin, { connect: { timeout: TIMEOUT_MS } });
      try {
        const { statusCode, body } = await client.request({
          method: 'POST',
          path,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            accept: 'application/json',
            ...(tokenFile !== undefined && { authorization: `Bearer ${await tokenIn(tokenFile)}` }),
          },
          body: new URLSearchParams({ query, timeout: `${TIMEOUT_MS / 1000}s` }).toString(),
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        });
        const text = await textOf(body);
        return text === undefined ? TOO_LARGE : answerOf(statusCode, text);
      } catch (error) {
        signal.throwIfAborted();
        return {
          kind: 'unavailable',
          message: oneLine(`Prometheus does not answer: ${messageOf(error)}`, 200),
        };
      } finally {
        await client.destroy().catch(() => {});
      }
    },
  };
}

async function tokenIn(file: string): Promise<string> {
  const text = (await readFile(file, 'utf8')).trim();
  // A header with a line break would be another header.
  if (text.length > MAX_TOKEN_BYTES || !/^[!-~]+$/.test(text))
    throw new Error('its token file holds no token');
  return text;
}

/** Undefined where it is too large; the rest is not read. */
async function textOf(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What an answer says. Exported for its test. */
export function answerOf(status: number, text: string): MetricAnswer {
  const answer = parsed(text);
  if (status === 400 || status === 422) {
    // `bad_data` and `execution`: the query's own fault.
    return {
      kind: 'refused',
      message: `Prometheus refuses the query: ${oneLine(typeof answer.error === 'string' ? answer.error : '', 200)}`,
    };
  }
  if (status !== 200 || answer.status !== 'success')
    return { kind: 'unavailable', message: `Prometheus answers with status ${status}` };
  const { resultType, result } = fieldsOf(answer.data);
  if (resultType === 'scalar') return values([result]);
  if (resultType === 'vector' && Array.isArray(result))
    return values(result.map((sample) => fieldsOf(sample).value));
  return { kind: 'refused', message: 'the query gives no instant values: it is for a range or a text' };
}

/** Samples are `[time, "value"]`; a value that is no number (NaN) is no data. */
function values(samples: readonly unknown[]): MetricAnswer {
  const numbers = samples.map((sample) => numberIn(Array.isArray(sample) ? sample[1] : undefined));
  return { kind: 'values', values: numbers.filter((number) => !Number.isNaN(number)) };
}

function numberIn(text: unknown): number {
  if (text === '+Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return typeof text === 'string' && text !== '' ? Number(text) : Number.NaN;
}

function parsed(text: string): Record<string, unknown> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
