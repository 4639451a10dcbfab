import { expect, test } from 'vitest';
import { withCompleted } from '../../src/loop/done.ts';
import { manifestOf } from '../verify/scene.ts';

function job(name: string, hash: string) {
  return manifestOf({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'shop' } }, hash);
}

const many = (count: number, hash: string) =>
  Array.from({ length: count }, (_, index) => ({ object: `shop/Job.batch/j${index}`, hash }));

test('what the repository holds is never forgotten, however much it is', () => {
  const held = Array.from({ length: 500 }, (_, index) => job(`j${index}`, 'now'));
  const { completed = [] } = withCompleted({ completed: many(500, 'now') }, many(300, 'former'), held);
  expect(completed.filter(({ hash }) => hash === 'now')).toHaveLength(500);
});

test('of what it no longer holds, the newest hundred are kept', () => {
  const before = { completed: many(150, 'former') };
  const { completed } = withCompleted(before, [{ object: 'shop/Job.batch/new', hash: 'n' }], []);
  expect(completed).toEqual([{ object: 'shop/Job.batch/new', hash: 'n' }, ...many(99, 'former')]);
});

test('the contents of one Job are kept apart', () => {
  const former = { object: 'shop/Job.batch/m', hash: 'h1' };
  const { completed } = withCompleted({ completed: [former] }, [{ ...former, hash: 'h2' }], [job('m', 'h2')]);
  expect(completed).toEqual([{ ...former, hash: 'h2' }, former]);
});

test('of one that runs with every release the last run is kept', () => {
  const run = (release: string) => ({ object: 'shop/Job.batch/m', hash: `h1 ${release}` });
  const { completed } = withCompleted({ completed: [run('c1 t1')] }, [run('c2 t2')], [job('m', 'h1')]);
  expect(completed).toEqual([run('c2 t2')]);
});

test('what is noted again is noted once', () => {
  const one = { object: 'shop/Job.batch/m', hash: 'h' };
  expect(withCompleted({ completed: [one] }, [one], []).completed).toEqual([one]);
});
