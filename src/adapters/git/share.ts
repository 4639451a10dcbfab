// Equal questions asked at the same time are asked once. The answer is not kept: who asks later asks anew.

import { waitFor } from './lock.ts';

interface Running<T> {
  answer: Promise<T>;
  askers: number;
  cancel: AbortController;
}

export type Share<T> = (
  key: string,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/** The question is given up only when everybody who asked it has. */
export function makeShare<T>(): Share<T> {
  const running = new Map<string, Running<T>>();

  function start(key: string, ask: (signal: AbortSignal) => Promise<T>): Running<T> {
    const cancel = new AbortController();
    const question: Running<T> = { answer: ask(cancel.signal), askers: 0, cancel };
    running.set(key, question);
    const end = () => {
      if (running.get(key) === question) running.delete(key);
    };
    question.answer.then(end, end);
    return question;
  }

  return async (key, signal, ask) => {
    signal.throwIfAborted();
    const question = running.get(key) ?? start(key, ask);
    question.askers++;
    try {
      return await waitFor(question.answer, signal);
    } finally {
      question.askers--;
      if (question.askers === 0) {
        if (running.get(key) === question) running.delete(key);
        question.cancel.abort(new Error('nobody waits for the answer any more'));
      }
    }
  };
}
