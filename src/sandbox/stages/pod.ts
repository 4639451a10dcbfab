// The life of a pod on a simulated node, as stages for kwok.
//
// Where a pod stands is told by one word of its play and one of its lead container (plays.ts), "crash exited" for
// example, so that each stage takes the scenes that it names and no two stages take the same.
import { endedPodStatus, type LeadState, podStatus } from './pod-status.ts';
import { imagePattern, type Play, plays, readyAfterAnnotation, timeScaleAnnotation } from './plays.ts';
import { isOneOf, type Match, patchStatus, type Stage, type Step, stage } from './stage.ts';

/** Measured on a kubelet 1.36 with a container that exits at once: restarts 1, 15, 36 and 78 s after the start. */
const kubelet = {
  exitLateAfterMs: 3_000,
  firstRestartAfterMs: 1_000,
  backOffShownAfterMs: 2_000,
  /** From CrashLoopBackOff to the next restart, by the number of restarts so far; the last one repeats. */
  restartAfterMs: [12_000, 12_000, 19_000, 40_000, 80_000, 160_000, 300_000],
  backOffTexts: ['10s', '10s', '20s', '40s', '1m20s', '2m40s', '5m0s'],
  pullFailsAfterMs: 1_000,
  pullBackOffAfterMs: 12_000,
  pullAgainAfterMs: 15_000,
  readyAfterMs: 8_000,
  jobEndsAfterMs: 500,
};

type Standing =
  | 'new'
  | 'ready'
  | 'unready'
  | 'exited'
  | 'exited again'
  | 'ContainerCreating'
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'CrashLoopBackOff';

const sceneExpression = `
. as $pod
| if .metadata.deletionTimestamp then "deleting"
  elif .status.phase == "Succeeded" or .status.phase == "Failed" then "ended"
  else
    ([.spec.containers[] | {name, play: (.image | capture(${JSON.stringify(imagePattern(...plays)).replace('(crash', '(?<play>crash')}) | .play)}]
      | first // {name: $pod.spec.containers[0].name, play: "normal"}) as $lead
    | ([.status.containerStatuses[]? | select(.name == $lead.name)] | first) as $is
    | $lead.play + " " + (
        if $is == null then "new"
        elif $is.state.waiting then $is.state.waiting.reason
        elif $is.state.terminated then (if $is.restartCount == 0 then "exited" else "exited again" end)
        elif $is.ready then "ready"
        else "unready" end)
  end`.trim();

const allPlays: (Play | 'normal')[] = [...plays, 'normal'];
const crashing: Play[] = ['crash', 'fail', 'oom'];
const unpullable: Play[] = ['notfound', 'registrydown'];

/** The stages of pods, with every time multiplied by `timeScale` unless the pod's annotation says otherwise. */
export function podStages(timeScale: number): Stage[] {
  const after = (ms: number | number[]) => delay(ms, timeScale);
  return [
    to('pod-run', ['normal', 'crashlate'], 'new', { kind: 'running', ready: true, restarted: false }),
    to('pod-run-unready', ['slow', 'neverready'], 'new', { kind: 'running', ready: false, restarted: false }),
    to('pod-become-ready', ['slow'], 'unready', { kind: 'ready' }, after(kubelet.readyAfterMs)),

    to('pod-exit', crashing, 'new', { kind: 'exited', restarted: false }, { match: [restarts] }),
    to(
      'pod-exit-late',
      ['crashlate'],
      'ready',
      { kind: 'exited', restarted: false },
      {
        match: [restarts],
        ...after(kubelet.exitLateAfterMs),
      },
    ),
    to(
      'pod-restart',
      crashing,
      'exited',
      { kind: 'exited', restarted: true },
      after(kubelet.firstRestartAfterMs),
    ),
    to(
      'pod-restart-late',
      ['crashlate'],
      'exited',
      { kind: 'running', ready: true, restarted: true },
      after(kubelet.firstRestartAfterMs),
    ),
    to('pod-back-off', [...crashing, 'crashlate'], 'exited again', crashLoopBackOff, {
      ...after(kubelet.backOffShownAfterMs),
      events: [{ type: 'Warning', reason: 'BackOff', message: 'Back-off restarting failed container' }],
    }),
    to(
      'pod-restart-again',
      crashing,
      'CrashLoopBackOff',
      { kind: 'exited', restarted: true },
      after(kubelet.restartAfterMs),
    ),
    to(
      'pod-restart-again-late',
      ['crashlate'],
      'CrashLoopBackOff',
      { kind: 'running', ready: true, restarted: true },
      after(kubelet.restartAfterMs),
    ),

    to('pod-create', [...unpullable, 'noconfig'], 'new', {
      kind: 'waiting',
      reason: 'ContainerCreating',
      message: '',
    }),
    ...unpullable.flatMap((play) => [
      to(`pod-${play}`, [play], 'ContainerCreating', pullFailed(play), {
        ...after(kubelet.pullFailsAfterMs),
        events: [{ type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull' }],
      }),
      to(`pod-${play}-back-off`, [play], 'ErrImagePull', pullBackOff(play), {
        ...after(kubelet.pullBackOffAfterMs),
        events: [{ type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' }],
      }),
      to(`pod-${play}-again`, [play], 'ImagePullBackOff', pullFailed(play), after(kubelet.pullAgainAfterMs)),
    ]),
    to('pod-noconfig', ['noconfig'], 'ContainerCreating', configMissing, after(kubelet.pullFailsAfterMs)),

    ends('pod-complete', ['normal', 'slow'], 'ready', 'Succeeded', after(kubelet.jobEndsAfterMs)),
    ends('pod-fail', crashing, 'new', 'Failed', { match: [neverRestarts] }),
    ends('pod-fail-late', ['crashlate'], 'ready', 'Failed', {
      match: [neverRestarts],
      ...after(kubelet.exitLateAfterMs),
    }),
    stage('pod-delete', 'Pod', {
      selector: { matchExpressions: [isOneOf(sceneExpression, ['deleting'])] },
      steps: [{ delete: true }],
    }),
  ];
}

interface Extra {
  match?: Match[];
  delay?: Stage['spec']['delay'];
  events?: NonNullable<Step['event']>[];
}

const restartPolicy = '.spec.restartPolicy';
const restarts = isOneOf(restartPolicy, ['Always', 'OnFailure']);
const neverRestarts = isOneOf(restartPolicy, ['Never']);
const isToEnd = isOneOf(restartPolicy, ['Never', 'OnFailure']);

function to(
  name: string,
  of: (Play | 'normal')[],
  from: Standing,
  lead: LeadState,
  extra: Extra = {},
): Stage {
  return podStage(name, of, from, podStatus(lead), extra);
}

/** For pods that are meant to end, those of Jobs above all. */
function ends(
  name: string,
  of: (Play | 'normal')[],
  from: Standing,
  end: 'Succeeded' | 'Failed',
  extra: Extra,
): Stage {
  return podStage(name, of, from, endedPodStatus(end), { match: [isToEnd], ...extra });
}

function podStage(
  name: string,
  of: (Play | 'normal')[],
  from: Standing,
  template: string,
  extra: Extra,
): Stage {
  const scenes = allPlays.filter((play) => of.includes(play)).map((play) => `${play} ${from}`);
  return stage(name, 'Pod', {
    selector: { matchExpressions: [isOneOf(sceneExpression, scenes), ...(extra.match ?? [])] },
    ...(extra.delay && { delay: extra.delay }),
    steps: [patchStatus(template), ...(extra.events ?? []).map((event) => ({ event }))],
  });
}

function delay(ms: number | number[], timeScale: number): Pick<Extra, 'delay'> {
  const list = typeof ms === 'number' ? [ms] : ms;
  const scale = `((.metadata.annotations[${JSON.stringify(timeScaleAnnotation)}] // ${JSON.stringify(String(timeScale))}) | tonumber)`;
  const restartCount = '([.status.containerStatuses[]?.restartCount] | max // 0)';
  const scaled = `(${JSON.stringify(list)}[[${restartCount}, ${list.length - 1}] | min] * ${scale} | tostring) + "ms"`;
  const isReadiness = ms === kubelet.readyAfterMs;
  return {
    delay: {
      durationMilliseconds: Math.round((list[0] ?? 0) * timeScale),
      durationFrom: {
        jq: {
          expression: isReadiness
            ? `.metadata.annotations[${JSON.stringify(readyAfterAnnotation)}] // (${scaled})`
            : scaled,
        },
      },
    },
  };
}

const crashLoopBackOff: LeadState = {
  kind: 'waiting',
  reason: 'CrashLoopBackOff',
  message: `"back-off " (index (list ${kubelet.backOffTexts.map((text) => `"${text}"`).join(' ')}) (int (min $restarts ${kubelet.backOffTexts.length - 1}))) " restarting failed container=" $lead.name " pod=" $pod.metadata.name "_" $pod.metadata.namespace "(" $pod.metadata.uid ")"`,
};

/** What containerd answers; after it the kubelet's back-off repeats it. */
function pullError(play: Play): string {
  const start = `"failed to pull and unpack image \\"" $image "\\": failed to resolve reference \\"" $image "\\": "`;
  if (play === 'notfound') return `${start} $image ": not found"`;
  // $image is host/path:tag, or with a digest host/path@digest.
  const url = `(first (splitList "/" $image)) "/v2/" (regexReplaceAll "^[^/]*/(.*?)(:[^:/@]*)?(@.*)?$" $image "$1") "/manifests/" (regexReplaceAll "^.*?(:([^:/@]*))?$" (first (splitList "@" $image)) "$2")`;
  return `${start} "failed to do request: Head \\"https://" ${url} "\\": dial tcp 203.0.113.7:443: i/o timeout"`;
}

function pullFailed(play: Play): LeadState {
  return { kind: 'waiting', reason: 'ErrImagePull', message: pullError(play) };
}

function pullBackOff(play: Play): LeadState {
  const message = `"Back-off pulling image \\"" $lead.image "\\": ErrImagePull: " ${pullError(play)}`;
  return { kind: 'waiting', reason: 'ImagePullBackOff', message };
}

const configMissing: LeadState = {
  kind: 'waiting',
  reason: 'CreateContainerConfigError',
  message: `"configmap \\"" (dig "configMapRef" "name" (print $lead.name "-config") (first ($lead.envFrom | default (list dict)))) "\\" not found"`,
};
