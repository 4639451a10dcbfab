// Ctrl-C, a terminal that closes, a polite kill: each ends the demo in order. What comes after the first one is
// ignored while things are removed; npm, for one, passes a Ctrl-C on that the terminal has delivered already.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interrupt {
  signal: AbortSignal;
  /** Signals end the process again, as they do by default. */
  release: () => void;
}

/** Aborted by the first such signal, or by `outer`. */
export function watchInterrupt(outer: AbortSignal): Interrupt {
  const controller = new AbortController();
  const abort = (name: string) => controller.abort(new DOMException(`interrupted by ${name}`, 'AbortError'));
  for (const name of SIGNALS) process.on(name, abort);
  return {
    signal: AbortSignal.any([outer, controller.signal]),
    release() {
      for (const name of SIGNALS) process.off(name, abort);
    },
  };
}
