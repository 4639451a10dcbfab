// The event stream as JSON lines: constant lower-case messages, everything else in fields.

import type { Logger } from 'pino';
import { pino } from 'pino';
import type { Emitted, TakenObject } from '../../model/events.ts';
import { showId } from '../../model/object.ts';
import type { FieldDrift } from '../../model/plan.ts';
import { oneLine } from '../../model/text.ts';

export type { Logger } from 'pino';

/** JSON on standard output. Fields that could hold a secret are cut out whatever writes them. */
export function makeLogger(level: string, destination?: NodeJS.WritableStream): Logger {
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: [
        '*.password',
        '*.token',
        '*.authorization',
        '*.data',
        '*.stringData',
        'password',
        'token',
        'authorization',
      ],
      censor: '[redacted]',
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Writes one event; the level says whether a person should look. */
export function logEvent(logger: Logger, event: Emitted): void {
  const { app, at: _at, type, ...fields } = event;
  const line = { app: `${app.namespace}/${app.name}`, ...plain(fields) };
  logger[levelOf(event)](line, type.replaceAll('-', ' '));
}

function levelOf(event: Emitted): 'debug' | 'info' | 'warn' | 'error' {
  switch (event.type) {
    case 'waiting':
    case 'phase':
    case 'settled':
      return 'debug';
    case 'problem':
      return 'error';
    case 'drift':
    case 'held':
    case 'revert-decided':
    case 'reverted':
    case 'revert-refused':
    case 'sign':
    case 'unstuck':
      return 'warn';
    case 'check':
      return event.state === 'passed' ? 'info' : 'warn';
    case 'released':
      return event.outcome === 'Healthy' ? 'info' : 'warn';
    case 'head-moved':
    case 'release-started':
    case 'planned':
    case 'applied':
    case 'verdict':
    case 'pruned':
    case 'taken-over':
    case 'suspended':
    case 'resumed':
    case 'deleted':
      return 'info';
  }
}

/** A first release may take over thousands. */
const MAX_TAKEN = 50;

/** A file's whole content may have changed. */
const MAX_FIELDS = 20;
const MAX_VALUE = 200;

function shortDrift({ path, desired, found }: FieldDrift): Record<string, unknown> {
  const short = (value: unknown) =>
    value === undefined ? undefined : oneLine(JSON.stringify(value), MAX_VALUE);
  return { path: oneLine(path, MAX_VALUE), desired: short(desired), found: short(found) };
}

/** Object ids as people write them. */
function plain(fields: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = { ...fields };
  if (fields.object !== undefined) out.object = showId(fields.object as Parameters<typeof showId>[0]);
  if (Array.isArray(fields.objects))
    out.objects = (fields.objects as Parameters<typeof showId>[0][]).map(showId);
  if (Array.isArray(fields.fields))
    out.fields = (fields.fields as FieldDrift[]).slice(0, MAX_FIELDS).map(shortDrift);
  if (Array.isArray(fields.taken))
    out.taken = (fields.taken as TakenObject[])
      .slice(0, MAX_TAKEN)
      .map((one) => ({ ...one, object: showId(one.object) }));
  return out;
}
