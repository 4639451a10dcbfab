// After a stage that brought definitions: what the next one builds upon must be there. The definitions are
// established and their kinds served; what is made of them is followed from its first object on.

import { conditionIs } from '../model/conditions.ts';
import type { Manifest } from '../model/manifest.ts';
import { kindName } from '../model/object.ts';
import type { PlanItem } from '../model/plan.ts';
import type { Run } from './context.ts';
import { coverMembers } from './membership.ts';
import { areServed } from './served.ts';

/** A kind is served some milliseconds after its definition says that it is established. */
const LOOK_EVERY_MS = 100;
/** Longer than that is for the verdict, with the definition's own conditions. */
const LONGEST_MS = 30_000;

/** `coming`: the manifests of the stages after it. */
export async function settleStage(
  run: Run,
  stage: readonly PlanItem[],
  coming: readonly Manifest[],
): Promise<void> {
  const { clock, cluster } = run.ctx;
  const definitions = stage.filter(
    ({ action, manifest }) => manifest.id.kind === 'CustomResourceDefinition' && action !== 'unchanged',
  );
  if (definitions.length === 0) return;
  const until = clock.monotonic() + LONGEST_MS;
  await established(run, definitions, until);
  const made = new Set(definitions.flatMap(({ manifest }) => kindsMadeBy(manifest)));
  const awaited = coming.map(({ gvk }) => gvk).filter((gvk) => made.has(kindName(gvk)));
  for (;;) {
    cluster.refreshResources();
    if ((await areServed(run, awaited)) || clock.monotonic() >= until) break;
    await clock.delay(LOOK_EVERY_MS, run.signal);
  }
  await coverMembers(run, [...stage.map(({ manifest }) => manifest), ...coming]);
}

/** Woken by the watch of the members: definitions are members, too. */
async function established(run: Run, definitions: readonly PlanItem[], until: number): Promise<void> {
  const { clock, members } = run.ctx;
  const isOver = () =>
    clock.monotonic() >= until ||
    definitions.every(({ manifest }) => {
      const live = members.get(manifest.id);
      return live !== undefined && conditionIs(live, 'Established', 'True');
    });
  for (;;) {
    const bell = Promise.withResolvers<void>();
    const unsubscribe = members.subscribe(run.applySet, () => bell.resolve());
    const over = new AbortController();
    try {
      if (isOver()) return;
      const timer = clock.delay(until - clock.monotonic(), AbortSignal.any([over.signal, run.signal]));
      timer.catch(() => {}); // of the end
      await Promise.race([bell.promise, timer]);
    } finally {
      over.abort();
      unsubscribe();
    }
  }
}

/** What a definition says that the server serves. */
function kindsMadeBy({ object }: Manifest): string[] {
  const spec = object.spec as
    | { group?: string; names?: { kind?: string }; versions?: { name?: string; served?: boolean }[] }
    | undefined;
  const { group = '', names: { kind = '' } = {}, versions = [] } = spec ?? {};
  return versions
    .filter(({ served }) => served === true)
    .map(({ name = '' }) => kindName({ group, version: name, kind }));
}
