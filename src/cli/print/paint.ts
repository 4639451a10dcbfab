// Colours, where the output is a terminal and nobody asked for none (https://no-color.org).

import type { Output } from '../environment.ts';

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (colour: Colour, text: string) => string;

const CODES: Record<Colour, [on: number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export const plain: Paint = (_colour, text) => text;

export function paintFor(output: Output, env: NodeJS.ProcessEnv): Paint {
  if (output.isTTY !== true || env.NO_COLOR || env.TERM === 'dumb') return plain;
  return (colour, text) => {
    const [on, off] = CODES[colour];
    return text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`;
  };
}
