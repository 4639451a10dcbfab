// Whose an object is. The membership label tells which ApplySet holds it; whether that is another App, an App that
// is gone, or another tool's set is found out here. Only what nobody holds any more is taken.

import { APP_API_VERSION, APP_KIND, APPLYSET } from '../model/app.ts';
import { ApiError } from '../model/errors.ts';
import type { AppName } from '../model/events.ts';
import type { Manifest } from '../model/manifest.ts';
import { gvkOf, type KubeObject } from '../model/object.ts';
import { parseFieldPath } from '../model/field-path.ts';
import { oneLine } from '../model/text.ts';
import { holds } from '../plan/field-set.ts';
import { ownerOf, ownFields } from '../plan/fields.ts';
import type { Run } from './context.ts';
import { keysOf } from './moving.ts';

const LABEL = parseFieldPath(`metadata.labels[${APPLYSET.partOf}]`);

/** Why the object cannot be ours, in words for people, with what to do; undefined where it can. */
export async function heldBy(
  run: Run,
  manifest: Manifest,
  live: KubeObject | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { neighbours } = run.ctx;
  const label = live?.metadata.labels?.[APPLYSET.partOf];
  if (label === run.applySet) return undefined;
  const why = label === undefined ? inBoth(run, manifest) : await heldAs(run, manifest, label, live, signal);
  if (why !== undefined) neighbours.waits(run.applySet, manifest.key);
  return why;
}

/** As {@link heldBy}, when everything else has been found to be in order. */
export function claim(run: Run, { key }: Manifest): string | undefined {
  const { neighbours } = run.ctx;
  const first = neighbours.claims(run.applySet, key);
  if (first === undefined) return undefined;
  neighbours.waits(run.applySet, key);
  return rendersToo(first);
}

function inBoth(run: Run, { key }: Manifest): string | undefined {
  const first = run.ctx.neighbours.firstBeside(run.applySet, key);
  return first === undefined ? undefined : rendersToo(first);
}

async function heldAs(
  run: Run,
  manifest: Manifest,
  label: string,
  live: KubeObject | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hold = run.ctx.neighbours.holds(label, manifest.key);
  switch (hold.kind) {
    case 'let-go':
      return undefined;
    case 'renders': {
      // What it has planned may be of a former commit.
      const keys = await keysOf(run, hold.name);
      return keys === undefined || keys.has(manifest.key) ? rendersToo(hold.name) : holdsStill(hold.name);
    }
    case 'unsettled':
      return holdsStill(hold.name);
    case 'unknown': {
      const app = await appOf(run, label, signal);
      if (app === 'unknown') return `another App or tool holds it (${APPLYSET.partOf}=${oneLine(label, 63)})`;
      if (app !== undefined)
        return `App ${show(app)} holds it, and it is not known here whether it still renders it; this App takes it when that App has released a commit without it, or is gone`;
      // An App that is gone has put the label there by an apply of Pawl's; any other hand's is another tool's.
      return isByPawl(live) ? undefined : anotherTool(manifest, label, live);
    }
  }
}

function holdsStill(name: AppName): string {
  return `App ${show(name)} holds it until a release of its own without it is healthy; then this App takes it`;
}

function rendersToo(name: AppName): string {
  return `App ${show(name)} renders it too, and holds it: remove it from the path of one of the two`;
}

function anotherTool({ id, gvk }: Manifest, label: string, live: KubeObject | undefined): string {
  const manager = live === undefined ? undefined : ownerOf(live, `metadata.labels[${APPLYSET.partOf}]`);
  const by = manager === undefined ? '' : `, put there by ${oneLine(manager, 63)}`;
  const where = id.namespace === '' ? '' : ` -n ${id.namespace}`;
  const command = `kubectl label ${gvk.kind.toLowerCase()} ${id.name}${where} ${APPLYSET.partOf}-`;
  return `it belongs to the ApplySet of another tool (${oneLine(label, 63)}${by}): remove it there; if nothing holds it any more: \`${command}\``;
}

function isByPawl(live: KubeObject | undefined): boolean {
  const fields = live === undefined ? undefined : ownFields(live);
  return fields !== undefined && LABEL !== undefined && holds(fields, LABEL);
}

/** The App with this ApplySet, followed or not; `unknown` where that may not be asked. */
export async function appOf(
  run: Run,
  applySet: string,
  signal: AbortSignal,
): Promise<AppName | 'unknown' | undefined> {
  const gvk = gvkOf({ apiVersion: APP_API_VERSION, kind: APP_KIND });
  // A text that is no value of a label names no App, and would make another selector.
  if (!/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(applySet)) return undefined;
  try {
    const [app] = await run.ctx.cluster
      .as(undefined)
      .list({ gvk, labelSelector: `${APPLYSET.id}=${applySet}` }, signal);
    return app === undefined
      ? undefined
      : { namespace: app.metadata.namespace ?? '', name: app.metadata.name };
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return 'unknown';
    throw error;
  }
}

function show({ namespace, name }: AppName): string {
  return `${namespace}/${name}`;
}
