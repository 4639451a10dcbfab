// Parses large files in a thread of their own, so that no other App notices. The thread ends with the work, which
// gives its memory back; it has limits of memory and time.
//
// 1. One at a time: what several large commits need together is what one of them needs. Apps take turns, and one that
//    is to stop stops waiting at once.
// 2. A file that takes more memory than the thread has is the commit's own fault. One that takes too long may be
//    that of a busy machine, so it is tried again.

import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { ParseAside } from '../loop/parsing.ts';
import { makeTurns } from '../loop/turns.ts';
import { PawlError } from '../model/errors.ts';
import type { SourceFile } from '../model/manifest.ts';
import { LIMITS } from '../render/documents.ts';
import type { ParsedObject } from '../render/objects.ts';
import type { ParsedFile } from '../render/parse.ts';
import type { Piece, Question } from './parse-worker.ts';

/** The thread's source, which the build puts in; from a checkout it is read from its file. */
declare const PAWL_PARSE_WORKER: string | undefined;

export interface AsideLimits {
  timeoutMs: number;
  maxHeapMb: number;
  /** Over all files; by default that of the render. */
  maxNodes?: number;
}

const LIMITS_ASIDE: AsideLimits = { timeoutMs: 30_000, maxHeapMb: 400 };
const YOUNG_HEAP_MB = 16;
/** What the thread may take beside the heap of the process. */
export const ASIDE_MB = LIMITS_ASIDE.maxHeapMb + YOUNG_HEAP_MB;

const ALONE = { atOnce: 1, atOnceEach: 1 };

export function makeParseAside(limits: AsideLimits = LIMITS_ASIDE): ParseAside {
  const turns = makeTurns(ALONE);
  return (files, signal, who) => turns.take(who, signal, () => parseAll(files, limits, signal));
}

async function parseAll(
  files: readonly SourceFile[],
  limits: AsideLimits,
  signal: AbortSignal,
): Promise<ParsedFile[]> {
  signal.throwIfAborted();
  const worker = startWorker(limits);
  const deadline = AbortSignal.timeout(limits.timeoutMs);
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {});
  worker.on('error', ended.reject);
  worker.on('exit', () => ended.reject(new Error('the parsing thread ended by itself')));
  const stop = AbortSignal.any([signal, deadline]);
  const onStop = () => ended.reject(stop.reason);
  stop.addEventListener('abort', onStop, { once: true });
  const ask = async (question: Question): Promise<Piece> => {
    const answer = Promise.withResolvers<Piece>();
    worker.once('message', answer.resolve);
    const transfer = question === 'more' ? [] : [question.file.content.buffer as ArrayBuffer];
    worker.postMessage(question, transfer);
    return await Promise.race([answer.promise, ended.promise]);
  };
  const parsed: ParsedFile[] = [];
  let nodesLeft = limits.maxNodes ?? LIMITS.maxNodes;
  let documents = 0;
  try {
    for (const file of files) {
      const one = await parseOne(file, nodesLeft, ask);
      parsed.push(one);
      nodesLeft -= one.nodes;
      documents += one.documents;
      // It fails by what is there already: render/parse.ts says so. Exactly as many as there may be is no failure.
      if (documents > LIMITS.maxDocuments || nodesLeft < 0) break;
    }
    return parsed;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (deadline.aborted) throw tooSlow(files, limits);
    const inHand = files[parsed.length];
    if (inHand === undefined || !isOutOfMemory(error)) throw error;
    return [...parsed, tooHeavy(inHand, limits)];
  } finally {
    stop.removeEventListener('abort', onStop);
    worker.removeAllListeners();
    // A last error of a thread that is ended is nobody's.
    worker.on('error', () => {});
    await worker.terminate();
  }
}

async function parseOne(
  file: SourceFile,
  nodesLeft: number,
  ask: (question: Question) => Promise<Piece>,
): Promise<ParsedFile> {
  const objects: ParsedObject[] = [];
  // A copy of its own: the buffer may be part of a larger one, and others have it too.
  let piece = await ask({ file: { ...file, content: Uint8Array.from(file.content) }, nodesLeft });
  for (;;) {
    const all = piece.exact ? JSON.parse(piece.text, exactly) : JSON.parse(piece.text);
    for (const object of all as ParsedObject[]) objects.push(object);
    if (piece.end !== undefined) return { ...piece.end, objects };
    await setImmediate();
    piece = await ask('more');
  }
}

/** Integers beyond what a number holds, as render/scalar.ts has them. */
function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? '';
  if (typeof value !== 'number' || !/^-?\d+$/.test(source) || String(value) === source) return value;
  return (JSON as unknown as { rawJSON(text: string): object }).rawJSON(source);
}

function startWorker({ maxHeapMb }: AsideLimits): Worker {
  const options = {
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
    // Nothing of the environment is its business.
    env: {},
    execArgv: [],
  };
  return typeof PAWL_PARSE_WORKER === 'string'
    ? new Worker(PAWL_PARSE_WORKER, { ...options, eval: true })
    : new Worker(new URL('./parse-worker.ts', import.meta.url), options);
}

function isOutOfMemory(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function tooHeavy({ path, oid, mode, content }: SourceFile, { maxHeapMb }: AsideLimits): ParsedFile {
  const message = `takes more than ${maxHeapMb} MB of memory to parse`;
  const problem = { code: 'TooLarge' as const, file: path, message, hint: 'split the file' };
  return {
    path,
    oid,
    mode,
    bytes: content.byteLength,
    nodes: 0,
    documents: 0,
    objects: [],
    problems: [problem],
  };
}

function tooSlow(files: readonly SourceFile[], { timeoutMs }: AsideLimits): PawlError {
  const bytes = files.reduce((sum, file) => sum + file.content.byteLength, 0);
  const mb = (bytes / 1024 / 1024).toFixed(1);
  return new PawlError({
    code: 'ParseTimedOut',
    message: `parsing ${files.length} files of ${mb} MiB took longer than ${timeoutMs / 1000} s`,
    hint: 'Look whether the agent gets enough CPU; else split the App, or point its path at less.',
    retry: 'later',
  });
}
