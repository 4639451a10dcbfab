// Whether the API server answers. Watches ask again by themselves while it is away, so its return is noticed
// without a request made for this alone.

import { ApiError } from '../../model/errors.ts';
import type { Connection } from './connect.ts';

export interface Presence {
  isAway(): boolean;
  onAway(callback: () => void): () => void;
}

/** The same connection, watched: an answer of any status is an answer. */
export function watchPresence(connection: Connection): { connection: Connection; presence: Presence } {
  const callbacks = new Set<() => void>();
  let away = false;

  function note(isAway: boolean): void {
    if (isAway === away) return;
    away = isAway;
    for (const callback of callbacks) callback();
  }

  async function observed<T>(request: Promise<T>): Promise<T> {
    try {
      const answer = await request;
      note(false);
      return answer;
    } catch (error) {
      if (error instanceof ApiError && error.status === 0) note(true);
      throw error;
    }
  }

  return {
    connection: {
      ...connection,
      send: (ask, timeoutMs, signal) => observed(connection.send(ask, timeoutMs, signal)),
      stream: (ask, timeoutMs, signal) => observed(connection.stream(ask, timeoutMs, signal)),
    },
    presence: {
      isAway: () => away,
      onAway(callback) {
        callbacks.add(callback);
        return () => callbacks.delete(callback);
      },
    },
  };
}
