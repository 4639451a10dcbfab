// Questions about ancestry, over whatever history is held. Order comes from parents alone: anyone can write
// any date. `parentsOf` gives no parents where the history was cut.

export type ParentsOf = (oid: string) => Promise<readonly string[]>;

/** Everything reachable from `starts` (themselves included), short of what `stop` holds. */
export async function reachable(
  parentsOf: ParentsOf,
  starts: Iterable<string>,
  stop: ReadonlySet<string> = new Set(),
): Promise<Set<string>> {
  const seen = new Set<string>();
  let edge = [...starts].filter((oid) => !stop.has(oid));
  while (edge.length > 0) {
    const next: string[] = [];
    for (const oid of edge) {
      if (seen.has(oid)) continue;
      seen.add(oid);
      for (const parent of await parentsOf(oid)) if (!stop.has(parent)) next.push(parent);
    }
    edge = next;
  }
  return seen;
}

/** Breadth first, so that the usual case (a commit or two back) reads a commit or two. */
export async function isReachable(parentsOf: ParentsOf, older: string, newer: string): Promise<boolean> {
  const seen = new Set<string>();
  let edge = [newer];
  while (edge.length > 0) {
    const next: string[] = [];
    for (const oid of edge) {
      if (oid === older) return true;
      if (seen.has(oid)) continue;
      seen.add(oid);
      next.push(...(await parentsOf(oid)));
    }
    edge = next;
  }
  return false;
}

/** Commits reachable from `head` but not from `base`, children before parents, first parents first. */
export async function commitsBetween(parentsOf: ParentsOf, base: string, head: string): Promise<string[]> {
  const old = await reachable(parentsOf, [base]);
  const fresh = await reachable(parentsOf, [head], old);
  const children = new Map<string, number>();
  for (const oid of fresh) {
    for (const parent of await parentsOf(oid)) children.set(parent, (children.get(parent) ?? 0) + 1);
  }
  const order: string[] = [];
  const ready = fresh.has(head) ? [head] : [];
  for (let oid = ready.pop(); oid !== undefined; oid = ready.pop()) {
    order.push(oid);
    for (const parent of (await parentsOf(oid)).toReversed()) {
      const left = (children.get(parent) ?? 0) - 1;
      children.set(parent, left);
      if (left === 0 && fresh.has(parent)) ready.push(parent);
    }
  }
  return order;
}
