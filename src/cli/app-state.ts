// An App's state in one word, and what a person can do about it.

import type { App, Condition } from '../model/app.ts';

export type AppState =
  | 'New'
  | 'Deleting'
  | 'Suspended'
  | 'Invalid'
  | 'Held'
  | 'Releasing'
  | 'Healthy'
  | 'Unhealthy'
  | 'Unknown';

export function stateOf(app: App): AppState {
  if (app.metadata.deletionTimestamp !== undefined) return 'Deleting';
  const ready = conditionOf(app, 'Ready');
  if (app.spec.suspend === true || ready?.reason === 'Suspended') return 'Suspended';
  if (ready === undefined) return 'New';
  const stalled = conditionOf(app, 'Stalled');
  if (stalled?.status === 'True') {
    if (isOfTheSpec(stalled)) return 'Invalid';
    // Stalled for any other reason is a problem that Pawl meets again by itself.
    return ready.reason === 'Held' || ready.reason === 'Failed' ? 'Held' : 'Unknown';
  }
  if (conditionOf(app, 'Reconciling')?.status === 'True') return 'Releasing';
  if (ready.status === 'True') return 'Healthy';
  return ready.status === 'False' ? 'Unhealthy' : 'Unknown';
}

export function conditionOf(app: App, type: Condition['type']): Condition | undefined {
  return app.status?.conditions?.find((condition) => condition.type === type);
}

function isOfTheSpec({ reason }: Condition): boolean {
  return reason === 'InvalidSpec' || reason === 'NotSupported';
}

/** What to do; undefined where nothing needs to be done. */
export function adviceFor(app: App): string | undefined {
  const { namespace, name } = app.metadata;
  const named = `${namespace}/${name}`;
  switch (stateOf(app)) {
    case 'New':
      return 'No agent has looked at it yet. Is Pawl running? `kubectl get pods -n pawl-system`';
    case 'Suspended':
      return `Let it go on with \`pawl resume ${named}\`.`;
    case 'Invalid':
      return `Correct the App: \`kubectl edit app ${name} -n ${namespace}\`.`;
    case 'Held':
      return `Push a commit that corrects it, ask for another try with \`pawl release ${named}\`, or go back with \`pawl undo ${named}\`.`;
    case 'Unhealthy':
      return `Look at the objects that are named; \`pawl diff ${named}\` shows what differs, \`pawl undo ${named}\` goes back.`;
    case 'Unknown':
      return 'It is looked at again by itself; the message says what it waits for.';
    case 'Deleting':
    case 'Releasing':
    case 'Healthy':
      return undefined;
  }
}
