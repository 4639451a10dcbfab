// The three conditions of an App, as kstatus reads them: Ready says whether what should run does run well,
// Reconciling that a release is under way, Stalled that it will not go on by itself.

import type { AppStatus, Condition } from '../model/app.ts';

export interface State {
  ready: 'True' | 'False' | 'Unknown';
  /** One CamelCase word. */
  reason: string;
  message: string;
  reconciling?: boolean;
  stalled?: boolean;
}

const LONGEST_MESSAGE = 1024;

/** The status with these conditions; times of transition stay where nothing changed. */
export function withState(status: AppStatus, state: State, generation: number, now: number): AppStatus {
  const flag = (on: boolean | undefined): 'True' | 'False' => (on === true ? 'True' : 'False');
  const conditions = [
    condition('Ready', state.ready),
    condition('Reconciling', flag(state.reconciling)),
    condition('Stalled', flag(state.stalled)),
  ];
  return { ...status, observedGeneration: generation, conditions };

  function condition(type: Condition['type'], value: Condition['status']): Condition {
    const before = status.conditions?.find((other) => other.type === type);
    const lastTransitionTime =
      before !== undefined && before.status === value
        ? before.lastTransitionTime
        : new Date(now).toISOString();
    const message = state.message.slice(0, LONGEST_MESSAGE);
    return {
      type,
      status: value,
      reason: state.reason,
      message,
      lastTransitionTime,
      observedGeneration: generation,
    };
  }
}

export function readyCondition(status: AppStatus | undefined): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === 'Ready');
}

/** Held: no further release until a new commit concerns the App or a person asks. */
export function isStalled(status: AppStatus | undefined): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === 'Stalled' && condition.status === 'True') ??
    false
  );
}
