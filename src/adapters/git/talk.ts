// One operation with a host: one deadline, one limit of bytes, and errors that say what happened. A cancel
// rethrows the caller's reason.

import type { Dispatcher } from 'undici';
import type { Repository } from '../../ports.ts';
import { fromLibrary, timedOut } from './errors.ts';
import { makeTransport, type Transport } from './transport.ts';
import type { Place } from './url.ts';

export type Talk = <T>(
  repository: Repository,
  place: Place,
  signal: AbortSignal,
  work: (transport: Transport) => Promise<T>,
) => Promise<T>;

export function makeTalk(options: { dispatcher: Dispatcher; maxPackBytes: number; timeoutMs: number }): Talk {
  const { dispatcher, maxPackBytes, timeoutMs } = options;
  return async (repository, place, signal, work) => {
    signal.throwIfAborted();
    const deadline = AbortSignal.timeout(timeoutMs);
    const transport = makeTransport({
      dispatcher,
      url: place.url,
      credentials: repository.credentials,
      maxBytes: maxPackBytes,
      signal: AbortSignal.any([signal, deadline]),
    });
    try {
      return await work(transport);
    } catch (error) {
      signal.throwIfAborted();
      if (deadline.aborted) throw timedOut(place.url, timeoutMs);
      throw transport.problem() ?? fromLibrary(place.url, error, 'unreachable');
    } finally {
      transport.end();
    }
  };
}
