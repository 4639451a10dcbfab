import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { demoFolder, filesIn, processesIn, startDemo } from './program.ts';

test('all stories end as they should, in time, and nothing is left behind', async () => {
  const folder = demoFolder();
  const startedAt = performance.now();
  const demo = startDemo(folder, ['--exit']);
  const code = await demo.ended;
  expect(code, demo.output()).toBe(0);
  expect(demo.output()).toContain('All 6 stories ended as they should.');
  expect(performance.now() - startedAt).toBeLessThan(90_000);
  // It is no terminal.
  expect(demo.output()).not.toContain('\u001b');
  expect(processesIn(folder)).toEqual([]);
  expect(filesIn(folder)).toEqual([]);
}, 120_000);

test('killed outright it leaves no process, and the next one sweeps its files', async () => {
  const folder = demoFolder();
  const killed = startDemo(folder, ['--exit']);
  await killed.says('1  A first release', 60_000);
  expect(processesIn(folder).some((line) => line.includes(' run '))).toBe(true);
  killed.child.kill('SIGKILL');
  await killed.ended;
  await eventually(() => expect(processesIn(folder)).toEqual([]), { timeoutMs: 10_000 });
  expect(filesIn(folder)).not.toEqual([]);

  const next = startDemo(folder, ['--exit']);
  await next.says('left behind by', 30_000);
  await next.says('Kubernetes answers', 60_000);
  next.child.kill('SIGINT');
  expect(await next.ended, next.output()).toBe(3);
  expect(processesIn(folder)).toEqual([]);
  // What is not the demo's own (a command that is killed leaves an empty folder for clones) is not looked at.
  expect(filesIn(folder).filter((name) => name.startsWith('pawl-sandbox-'))).toEqual([]);
}, 180_000);
