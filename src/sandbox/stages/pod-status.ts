// The status of a pod as a kubelet reports it, as Go templates for kwok. A template is put together from a prelude,
// the new state of the lead container (see plays.ts), and the roll-up that a kubelet makes of its containers.
import { imagePattern, plays } from './plays.ts';

/** What becomes of the lead container. */
export type LeadState =
  /** Runs from now on; `restarted` counts a restart. */
  | { kind: 'running'; ready: boolean; restarted: boolean }
  /** Was running and is now ready. */
  | { kind: 'ready' }
  /** Ended with an error; `restarted`: after a restart that ended at once. */
  | { kind: 'exited'; restarted: boolean }
  /** Waits; a Go template may make up the message from $lead, $image, $restarts and $pod. */
  | { kind: 'waiting'; reason: string; message: string };

export type PodEnd = 'Succeeded' | 'Failed';

/** The template for a pod that goes on. */
export function podStatus(lead: LeadState): string {
  return [
    prelude,
    leadTemplate(lead),
    'containerStatuses:',
    '{{ range .spec.containers }}',
    '{{ if eq .name $lead.name }}',
    '- {{ toJson $status }}',
    '{{ else if hasKey $old .name }}',
    '- {{ toJson (get $old .name) }}',
    '{{ else }}',
    `- {{ toJson (dict "name" .name "image" .image "imageID" "" "ready" true "started" true "restartCount" 0 "state" ${runningNow}) }}`,
    '{{ end }}',
    '{{ end }}',
    initContainers,
    conditions(isReady(lead) ? 'ready' : 'unready'),
    addresses,
    `phase: ${phaseOf(lead)}`,
  ].join('\n');
}

/** The template for a pod whose containers have all ended. */
export function endedPodStatus(end: PodEnd): string {
  return [
    prelude,
    'containerStatuses:',
    '{{ range .spec.containers }}',
    '{{ $was := get $old .name | default dict }}',
    '{{ $from := dig "state" "running" "startedAt" $now $was }}',
    '{{ $ended := dict "exitCode" 0 "reason" "Completed" "startedAt" $from "finishedAt" $now }}',
    end === 'Failed' ? `{{ if eq .name $lead.name }}{{ $ended = ${failure('$from')} }}{{ end }}` : '',
    `- {{ toJson (dict "name" .name "image" .image "imageID" "" "ready" false "started" false "restartCount" ($was.restartCount | default 0) "state" (dict "terminated" $ended) "lastState" ($was.lastState | default dict)) }}`,
    '{{ end }}',
    initContainers,
    conditions(end === 'Failed' ? 'failed' : 'completed'),
    addresses,
    `phase: ${end}`,
  ].join('\n');
}

const runningNow = '(dict "running" (dict "startedAt" $now))';

const prelude = `
{{ $pod := . }}
{{ $now := Now }}
{{ $lead := dict }}
{{ range .spec.containers }}
{{ if and (not $lead.name) (regexMatch ${quoteForGo(imagePattern(...plays))} .image) }}{{ $lead = . }}{{ end }}
{{ end }}
{{ if not $lead.name }}{{ $lead = index .spec.containers 0 }}{{ end }}
{{ $old := dict }}
{{ range .status.containerStatuses }}{{ $_ := set $old .name . }}{{ end }}
{{ $was := get $old $lead.name | default dict }}
{{ $restarts := int ($was.restartCount | default 0 | toString) }}
{{ $isOom := regexMatch ${quoteForGo(imagePattern('oom'))} $lead.image }}
{{ $image := $lead.image }}
{{ if not (contains "/" $image) }}{{ $image = print "docker.io/library/" $image }}
{{ else if not (regexMatch "^(localhost|[^/]*[.:][^/]*)/" $image) }}{{ $image = print "docker.io/" $image }}{{ end }}
{{ $ended := dig "state" "terminated" (dig "lastState" "terminated" dict $was) $was }}
{{ $lastState := dict }}
{{ if $ended }}{{ $lastState = dict "terminated" $ended }}{{ end }}`;

function leadTemplate(lead: LeadState): string {
  switch (lead.kind) {
    case 'running':
      return leadStatus({ ready: lead.ready, started: true, restarted: lead.restarted, state: runningNow });
    case 'ready':
      return leadStatus({ ready: true, started: true, restarted: false, state: '$was.state' });
    case 'exited': {
      const from = lead.restarted ? '$now' : '(dig "state" "running" "startedAt" $now $was)';
      const state = `(dict "terminated" ${failure(from)})`;
      return leadStatus({ ready: false, started: false, restarted: lead.restarted, state });
    }
    case 'waiting': {
      const waiting = `(dict "reason" "${lead.reason}" "message" $message)`;
      const message = lead.message === '' ? '""' : `(print ${lead.message})`;
      return `{{ $message := ${message} }}
${leadStatus({ ready: false, started: false, restarted: false, state: `(dict "waiting" ${waiting})` })}`;
    }
  }
}

function leadStatus(to: { ready: boolean; started: boolean; restarted: boolean; state: string }): string {
  const restartCount = to.restarted ? '(add1 $restarts)' : '$restarts';
  return `{{ $status := dict "name" $lead.name "image" $lead.image "imageID" "" "ready" ${to.ready} "started" ${to.started} "restartCount" ${restartCount} "state" ${to.state} "lastState" $lastState }}`;
}

function failure(startedAt: string): string {
  return `(dict "exitCode" (ternary 137 1 $isOom) "reason" (ternary "OOMKilled" "Error" $isOom) "startedAt" ${startedAt} "finishedAt" $now)`;
}

const initContainers = `
{{ if .spec.initContainers }}
initContainerStatuses:
{{ range .spec.initContainers }}
{{ if eq (.restartPolicy | default "") "Always" }}
- {{ toJson (dict "name" .name "image" .image "imageID" "" "ready" true "started" true "restartCount" 0 "state" ${runningNow}) }}
{{ else }}
- {{ toJson (dict "name" .name "image" .image "imageID" "" "ready" true "started" false "restartCount" 0 "state" (dict "terminated" (dict "exitCode" 0 "reason" "Completed" "startedAt" $now "finishedAt" $now))) }}
{{ end }}
{{ end }}
{{ end }}`;

/** A condition's time is that of its last change of status. */
function conditions(outcome: 'ready' | 'unready' | 'completed' | 'failed'): string {
  const status = outcome === 'ready' ? 'True' : 'False';
  const reason = { ready: '', unready: 'ContainersNotReady', completed: 'PodCompleted', failed: 'PodFailed' }[
    outcome
  ];
  const message = outcome === 'unready' ? '(print "containers with unready status: [" $lead.name "]")' : '""';
  const line = (type: string, isTrue: string, why: string, text: string) =>
    `{{ $then := $now }}{{ range .status.conditions }}{{ if and (eq .type "${type}") (eq .status "${isTrue}") }}{{ $then = .lastTransitionTime }}{{ end }}{{ end }}
- {{ toJson (dict "type" "${type}" "status" "${isTrue}" "reason" "${why}" "message" ${text} "lastTransitionTime" $then "observedGeneration" .metadata.generation) }}`;
  return `conditions:
${line('PodReadyToStartContainers', outcome === 'completed' || outcome === 'failed' ? 'False' : 'True', '', '""')}
${line('Initialized', 'True', outcome === 'completed' ? 'PodCompleted' : '', '""')}
${line('Ready', status, reason, message)}
${line('ContainersReady', status, reason, message)}
{{ range .spec.readinessGates }}
- {{ toJson (dict "type" .conditionType "status" "True" "lastTransitionTime" ($pod.status.startTime | default $now)) }}
{{ end }}
observedGeneration: {{ .metadata.generation }}`;
}

const addresses = `
startTime: {{ or .status.startTime $now | Quote }}
{{ if not .status.podIP }}
{{ $hostIPs := NodeIPsWith .spec.nodeName }}
{{ with $hostIPs }}
hostIP: {{ index . 0 | Quote }}
hostIPs: [{{ range . }}{ ip: {{ . | Quote }} },{{ end }}]
{{ end }}
{{ $podIPs := PodIPsWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") }}
{{ with $podIPs }}
podIP: {{ index . 0 | Quote }}
podIPs: [{{ range . }}{ ip: {{ . | Quote }} },{{ end }}]
{{ end }}
{{ end }}`;

function isReady(lead: LeadState): boolean {
  return lead.kind === 'ready' || (lead.kind === 'running' && lead.ready);
}

/** As a kubelet has it: a container that waits and never ran keeps the pod pending. */
function phaseOf(lead: LeadState): string {
  const everRan = lead.kind !== 'waiting' || lead.reason === 'CrashLoopBackOff';
  return everRan ? 'Running' : 'Pending';
}

function quoteForGo(text: string): string {
  return `\`${text}\``;
}
