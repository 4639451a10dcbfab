// What a person asks for by the annotation `pawl.dev/undo-requested`.

import { ANNOTATION } from '../model/app.ts';
import { oneLine } from '../model/text.ts';
import type { Run } from './context.ts';

export interface UndoRequest {
  to: string;
  by: string;
  at: string;
}

/** Undefined where nothing is asked, or not in a form that means something. */
export function askedUndo(run: Run): UndoRequest | undefined {
  const text = run.app.metadata.annotations?.[ANNOTATION.undoRequested];
  return text === undefined || text === '' ? undefined : parseRequest(text);
}

export function parseRequest(text: string): UndoRequest | undefined {
  try {
    const { to, by, at } = JSON.parse(text) as Partial<UndoRequest>;
    if (typeof to !== 'string' || typeof by !== 'string' || typeof at !== 'string') return undefined;
    return { to, by: oneLine(by, 100), at: at.slice(0, 100) };
  } catch {
    return undefined;
  }
}
