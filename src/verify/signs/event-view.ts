// An event as the rules read it. Two generations of writers are in use: `count` and `series.count`.

import type { KubeObject } from '../../model/object.ts';
import { at, numberIn, textIn, timeIn } from '../fields.ts';

export interface EventView {
  uid: string;
  reason: string;
  message: string;
  count: number;
  /** Of the container it is about, empty where it is about the whole object. */
  container: string;
  /** Wall clock of the writer, ms. */
  firstMs: number | undefined;
  lastMs: number | undefined;
}

export function viewEvent(event: KubeObject): EventView {
  const series = at(event, 'series');
  const field = textIn(at(event, 'involvedObject'), 'fieldPath');
  return {
    uid: event.metadata.uid ?? `${event.metadata.namespace ?? ''}/${event.metadata.name}`,
    reason: textIn(event, 'reason'),
    message: textIn(event, 'message'),
    count: Math.max(numberIn(series, 'count') ?? 0, numberIn(event, 'count') ?? 0, 1),
    container: /\{(.+)\}$/.exec(field)?.[1] ?? '',
    firstMs: timeIn(event, 'firstTimestamp') ?? timeIn(event, 'eventTime'),
    lastMs:
      timeIn(series, 'lastObservedTime') ?? timeIn(event, 'lastTimestamp') ?? timeIn(event, 'eventTime'),
  };
}

export function sum(events: readonly EventView[]): number {
  return events.reduce((total, event) => total + event.count, 0);
}
