// Signs in the statuses of a pod's containers, init containers too.

import type { Sign } from '../../model/health.ts';
import type { KubeObject } from '../../model/object.ts';
import type { SignalName } from '../../model/signal.ts';
import { type Fields, at, countIn, listAt, numberIn, textIn, timeIn } from '../fields.ts';
import type { PodContext } from './context.ts';
import { type EventView, sum } from './event-view.ts';
import { imagesOf } from './images.ts';
import { isCacheSync, isRuntimeTrouble, missingSecret, pullMeaning } from './messages.ts';

interface Container {
  name: string;
  image: string;
  isInit: boolean;
  /** To be named in evidence: the pod has more than one. */
  isOneOfMany: boolean;
  restarts: number;
  waiting: string;
  message: string;
  running: boolean;
  ready: boolean;
  /** How it ended now, or the last time. */
  ended: { reason: string; exitCode: number; atMs: number | undefined; isNow: boolean } | undefined;
  events: readonly EventView[];
}

export function containerSigns(pod: KubeObject, context: PodContext): Sign[] {
  return containersOf(pod, context.events).flatMap((container) => {
    const sign = signOf(container, pod, context);
    return sign === undefined ? [] : [sign];
  });
}

function containersOf(pod: KubeObject, events: readonly EventView[]): Container[] {
  const status = at(pod, 'status');
  const init = listAt(status, 'initContainerStatuses');
  const main = listAt(status, 'containerStatuses');
  const isOneOfMany = init.length + main.length > 1;
  const images = imagesOf(pod);
  const view = (isInit: boolean) => (fields: Fields) =>
    viewContainer(fields, { isInit, isOneOfMany, events, images });
  return [...init.map(view(true)), ...main.map(view(false))];
}

function viewContainer(
  fields: Fields,
  known: {
    isInit: boolean;
    isOneOfMany: boolean;
    events: readonly EventView[];
    images: ReadonlyMap<string, string>;
  },
): Container {
  const name = textIn(fields, 'name');
  const waiting = at(fields, 'state', 'waiting');
  const now = at(fields, 'state', 'terminated');
  const isNow = numberIn(now, 'exitCode') !== undefined;
  const ended = isNow ? now : at(fields, 'lastState', 'terminated');
  const exitCode = numberIn(ended, 'exitCode');
  return {
    name,
    image: known.images.get(name) ?? textIn(fields, 'image'),
    isInit: known.isInit,
    isOneOfMany: known.isOneOfMany,
    restarts: countIn(fields, 'restartCount'),
    waiting: textIn(waiting, 'reason'),
    message: textIn(waiting, 'message'),
    running: Object.hasOwn(at(fields, 'state'), 'running'),
    ready: fields.ready === true,
    ended:
      exitCode === undefined
        ? undefined
        : { reason: textIn(ended, 'reason'), exitCode, atMs: timeIn(ended, 'finishedAt'), isNow },
    events: known.events.filter((event) => event.container === '' || event.container === name),
  };
}

function signOf(container: Container, pod: KubeObject, context: PodContext): Sign | undefined {
  switch (container.waiting) {
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
      return sign(container, context, { signal: container.waiting, reason: container.waiting });
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'ImageInspectError':
    case 'RegistryUnavailable':
    case 'SignatureValidationFailed':
      return pullSign(container, context);
    case 'CreateContainerConfigError':
      return configSign(container, context);
    case 'CreateContainerError':
    case 'RunContainerError':
      return startSign(container, context);
    default:
      return restartSign(container, pod, context);
  }
}

/**
 * The first message names the cause, later ones may only say "back-off". A back-off means that the kubelet wanted
 * to pull a second time, so it counts for two.
 */
function pullSign(container: Container, context: PodContext): Sign {
  const failures = container.events.filter(
    (event) => event.reason === 'Failed' && /^failed to pull image/i.test(event.message),
  );
  const told = pullMeaning(
    [container.message, ...failures.map((event) => event.message)].join('\n'),
    container.image,
  );
  const isKnown =
    told.signal === 'ImagePull' && container.waiting === 'ImagePullBackOff' && context.wasNotFound;
  const meaning = isKnown ? pullMeaning('not found', '') : told;
  const isUnchanged = context.imagesBefore.has(container.image);
  return sign(container, context, {
    signal: meaning.signal,
    reason: container.waiting,
    words: isUnchanged ? `${meaning.words}, the image is the same as before` : meaning.words,
    blames: isUnchanged ? 'surroundings' : meaning.blames,
    count: Math.max(sum(failures), container.waiting === 'ImagePullBackOff' ? 2 : 1),
  });
}

function configSign(container: Container, context: PodContext): Sign | undefined {
  if (isCacheSync(container.message)) return undefined;
  const secret = missingSecret(container.message);
  const signal: SignalName =
    secret !== undefined && context.isMadeByOperator(secret) ? 'SecretPending' : 'CreateContainerConfigError';
  return sign(container, context, { signal, reason: 'CreateContainerConfigError' });
}

/**
 * Where the container was never made there is no count of restarts. The kubelet tries again every few seconds
 * and says so only in events, which may be dropped; so what stands for the threshold's time was tried twice.
 */
function startSign(container: Container, context: PodContext): Sign {
  const isTrouble = isRuntimeTrouble(container.message) || cannotRun(container);
  const tries = container.waiting === 'CreateContainerError' ? 2 : container.restarts;
  return sign(container, context, {
    signal: 'RunContainerError',
    reason: container.waiting,
    words: exitWords(container),
    blames: isTrouble ? 'surroundings' : 'commit',
    count: Math.max(tries, sum(container.events.filter((event) => event.reason === 'Failed')), 1),
  });
}

function restartSign(container: Container, pod: KubeObject, context: PodContext): Sign | undefined {
  // A Job counts its failures itself, up to its backoffLimit.
  if (container.restarts === 0 || container.ready || context.isJob) return undefined;
  const probe = probeSign(container, context);
  if (probe !== undefined) return probe;
  const { ended } = container;
  const isDown = container.waiting === 'CrashLoopBackOff' || ended?.isNow === true;
  if (!isDown || context.wasReady || (container.isInit && ended?.isNow && ended.exitCode === 0))
    return undefined;
  if (cannotRun(container)) {
    return sign(container, context, {
      signal: 'RunContainerError',
      reason: 'ContainerCannotRun',
      words: exitWords(container),
      blames: 'surroundings',
      count: container.restarts,
    });
  }
  const signal = ended?.reason === 'OOMKilled' ? 'OOMKilled' : 'CrashLoopBackOff';
  return sign(container, context, {
    signal,
    reason: signal,
    words: [exitWords(container), restartWords(container, pod)].filter((part) => part !== '').join(', '),
    count: container.restarts,
  });
}

/**
 * That the kubelet killed it is told by an event of type Normal; the warnings of the failing probe, and an exit
 * code of a signal or of an orderly end, tell the same.
 */
function probeSign(container: Container, context: PodContext): Sign | undefined {
  const exitCode = container.ended?.exitCode;
  if (exitCode !== 137 && exitCode !== 143 && exitCode !== 0) return undefined;
  if (container.ended?.reason === 'OOMKilled') return undefined;
  const warnings = container.events.filter(
    (event) => event.reason === 'Unhealthy' && /^(liveness|startup) probe/i.test(event.message),
  );
  const first = warnings[0];
  if (first === undefined) return undefined;
  const probe = /^startup/i.test(first.message) ? 'startup' : 'liveness';
  return sign(container, context, {
    signal: 'ProbeKilled',
    reason: 'ProbeKilled',
    words: `by its ${probe} probe, ${container.restarts} times`,
    count: container.restarts,
  });
}

/** The container runtime itself could not go on. */
function cannotRun(container: Container): boolean {
  return container.ended?.reason === 'ContainerCannotRun' && container.ended.exitCode === 128;
}

function exitWords(container: Container): string {
  return container.ended === undefined ? '' : `exit code ${container.ended.exitCode}`;
}

function restartWords(container: Container, pod: KubeObject): string {
  const startMs = timeIn(at(pod, 'status'), 'startTime') ?? timeIn(pod.metadata, 'creationTimestamp');
  const endMs = container.ended?.atMs;
  const times = `${container.restarts} restart${container.restarts === 1 ? '' : 's'}`;
  if (startMs === undefined || endMs === undefined || endMs < startMs) return times;
  return `${times} in ${Math.round((endMs - startMs) / 1000)} s`;
}

function sign(
  container: Container,
  context: PodContext,
  found: {
    signal: SignalName;
    reason: string;
    words?: string;
    blames?: Sign['blames'];
    count?: number;
  },
): Sign {
  const parts = [found.reason, container.isOneOfMany ? `container ${container.name}` : '', found.words ?? ''];
  return {
    signal: found.signal,
    reason: found.reason,
    evidence: parts.filter((part) => part !== '').join(', '),
    // A pod that ran before, of a template that proved good, was stopped by something else.
    blames: context.isOld ? 'surroundings' : (found.blames ?? 'commit'),
    at: context.at,
    sinceMs: context.sinceMs,
    count: found.count ?? 1,
  };
}
