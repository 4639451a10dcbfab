// What a person asks for by the annotation `pawl.dev/undo-requested`.

import { oneLine } from '../model/text.ts';

export interface UndoRequest {
  to: string;
  by: string;
  at: string;
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
