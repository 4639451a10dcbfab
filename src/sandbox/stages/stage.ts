// The shape of a kwok Stage, as far as it is used here: which objects it takes, after which delay, and what it
// does to them. See "Stage" in kwok's documentation.

export interface Stage {
  apiVersion: 'kwok.x-k8s.io/v1alpha1';
  kind: 'Stage';
  metadata: { name: string };
  spec: {
    resourceRef: { apiGroup: 'v1'; kind: 'Pod' | 'Node' };
    selector: { matchExpressions: Match[] };
    delay?: { durationMilliseconds: number; durationFrom?: { jq: { expression: string } } };
    steps: Step[];
  };
}

/** A jq expression over the object, compared with its possible values. */
export interface Match {
  jq: { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: string[] };
}

export interface Step {
  /** `template` is a Go template over the object that yields YAML; pods and nodes are patched strategically. */
  patch?: { root: 'status'; subresource: 'status'; template: string };
  event?: { type: 'Normal' | 'Warning'; reason: string; message: string };
  delete?: true;
}

export function stage(name: string, kind: 'Pod' | 'Node', spec: Omit<Stage['spec'], 'resourceRef'>): Stage {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind }, ...spec },
  };
}

export function isOneOf(key: string, values: string[]): Match {
  return { jq: { key, operator: 'In', values } };
}

export function patchStatus(template: string): Step {
  return { patch: { root: 'status', subresource: 'status', template } };
}
