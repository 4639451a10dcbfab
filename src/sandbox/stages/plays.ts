// What a simulated kubelet plays for a pod is chosen by an image tag: `web:1.4-crash` crashes, any other tag runs.
// The first container whose tag names a play is the pod's lead; its other containers just run.

export const plays = [
  /** Exits at once with code 1, again and again: CrashLoopBackOff. */
  'crash',
  /** The same, for Jobs: with restartPolicy Never the pod fails. */
  'fail',
  /** Runs and is ready for 3 s, then exits with code 1, again and again. */
  'crashlate',
  /** Is killed for memory at once (OOMKilled, code 137), again and again. */
  'oom',
  /** The image is not in the registry: ErrImagePull and ImagePullBackOff by turns. */
  'notfound',
  /** The registry does not answer: the same reasons, another message. */
  'registrydown',
  /** A ConfigMap that the container wants is not there: CreateContainerConfigError. */
  'noconfig',
  /** Becomes ready only after 8 s. */
  'slow',
  /** Runs, but never becomes ready. */
  'neverready',
] as const;

export type Play = (typeof plays)[number];

/** Matches an image whose tag is or ends with one of the plays; a digest may follow. Both Go and jq read it. */
export function imagePattern(...names: Play[]): string {
  return `:([^/@]*-)?(${names.join('|')})(@.*)?$`;
}

/** Multiplies all times of one pod: "1" plays as a kubelet does, "0.05" twenty times faster. */
export const timeScaleAnnotation = 'sandbox.pawl.dev/time-scale';

/** How long a pod of the play `slow` takes to become ready, such as "2s"; not multiplied. */
export const readyAfterAnnotation = 'sandbox.pawl.dev/ready-after';
