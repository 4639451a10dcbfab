// The life of a simulated node: ready as soon as it is there, lost while a label says so.
import { isOneOf, patchStatus, type Stage, stage } from './stage.ts';

/** A node that carries this label with the value "true" stops answering, as after a power cut. */
export const lostLabel = 'sandbox.pawl.dev/lost';

const heartbeatEveryMs = 300_000;

const sceneExpression = `
(if .metadata.labels[${JSON.stringify(lostLabel)}] == "true" then "lost" else "up" end) as $wanted
| (if ([.status.conditions[]? | select(.type == "Ready" and .status == "True")] | length) > 0 then "up" else "lost" end) as $is
| if $wanted == $is then $is else "to " + $wanted end`.trim();

export function nodeStages(): Stage[] {
  const on = (scene: string) => ({ matchExpressions: [isOneOf(sceneExpression, [scene])] });
  return [
    stage('node-up', 'Node', { selector: on('to up'), steps: [patchStatus(upStatus)] }),
    stage('node-heartbeat', 'Node', {
      selector: on('up'),
      delay: { durationMilliseconds: heartbeatEveryMs },
      steps: [patchStatus(upStatus)],
    }),
    stage('node-lose', 'Node', { selector: on('to lost'), steps: [patchStatus(lostStatus)] }),
  ];
}

const upStatus = `
{{ $now := Now }}
{{ $node := . }}
conditions:
{{ range NodeConditions }}
{{ $condition := . }}
{{ $then := $now }}
{{ range $node.status.conditions }}{{ if and (eq .type $condition.type) (eq .status $condition.status) }}{{ $then = .lastTransitionTime }}{{ end }}{{ end }}
- {{ toJson (dict "type" .type "status" .status "reason" .reason "message" .message "lastHeartbeatTime" $now "lastTransitionTime" $then) }}
{{ end }}
nodeInfo:
  architecture: amd64
  bootID: ""
  containerRuntimeVersion: kwok
  kernelVersion: kwok
  kubeProxyVersion: ""
  kubeletVersion: {{ printf "kwok-%s" Version | Quote }}
  machineID: ""
  operatingSystem: linux
  osImage: kwok
  systemUUID: ""`;

/** As the node controller writes it when a kubelet has gone silent. */
const lostStatus = `
{{ $now := Now }}
conditions:
{{ range (list "Ready" "MemoryPressure" "DiskPressure" "PIDPressure") }}
- {{ toJson (dict "type" . "status" "Unknown" "reason" "NodeStatusUnknown" "message" "Kubelet stopped posting node status." "lastTransitionTime" $now) }}
{{ end }}`;
