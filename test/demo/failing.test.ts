// The demo must not say that all is well when it is not.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock/clock.ts';
import { makeCluster } from '../../src/adapters/cluster/cluster.ts';
import { connect } from '../../src/adapters/cluster/connect.ts';
import { makeGit } from '../../src/adapters/git/git.ts';
import type { Environment } from '../../src/cli/environment.ts';
import { type DemoOptions, runDemo } from '../../src/demo/demo.ts';
import { temporaryFolder } from '../support/git-server.ts';
import { failOnLeaks } from '../support/leaks.ts';
import { processesIn } from './program.ts';

failOnLeaks();

const script = (name: string) => new URL(name, import.meta.url).pathname;

async function play(options: DemoOptions): Promise<{ code: number; output: string }> {
  let output = '';
  const write = (text: string) => {
    output += text;
  };
  const unexpected = () => Promise.reject(new Error('not expected here'));
  const environment: Environment = {
    stdout: { write },
    stderr: { write },
    env: {},
    signal: new AbortController().signal,
    clock: systemClock,
    version: 'test',
    readHash: () => '',
    preview: { undo: unexpected, diff: unexpected },
    async connect({ kubeconfig }) {
      const connection = await connect({ kubeconfig, version: 'test' });
      const cluster = makeCluster(connection, { clock: systemClock });
      const cacheDir = join(temporaryFolder('clones'), 'clones');
      const git = makeGit({ cacheDir, maxPackBytes: 1e8, timeoutMs: 10_000 });
      return {
        cluster,
        currentNamespace: 'default',
        userName: undefined,
        git,
        async close() {
          cluster.close();
          await connection.close();
          await git.close();
        },
      };
    },
  };
  return { code: await runDemo({ exit: true, ...options }, environment), output };
}

/** The control plane's and the demo's folders carry the pid of who made them. */
const leftovers = () => processesIn(`pawl-sandbox-${process.pid}-`);

test('an agent that ends at once ends the demo with code 1, and the end of its log is shown', async () => {
  const { code, output } = await play({ main: script('broken-agent.ts') });
  expect(code, output).toBe(1);
  expect(output).toContain('the agent ended by itself (exit code 7)');
  expect(output).toContain('| {"msg":"this agent is broken"}');
  expect(output).not.toContain('ended as they should');
  expect(leftovers()).toEqual([]);
});

test('an agent that does nothing fails the first story: what was expected, and what was found', async () => {
  const { code, output } = await play({ main: script('idle-agent.ts'), storyTimeoutMs: 1_000 });
  expect(code, output).toBe(1);
  expect(output).toMatch(
    /not so: the commit that is healthy\n +\| +expected "[0-9a-f]{40}"\n +\| +found +nothing/,
  );
  expect(output).toContain('not so: the image of the Deployment');
  expect(output).toContain('| {"msg":"this agent does nothing"}');
  expect(output).not.toContain('2  A new image');
  expect(output).not.toContain('ended as they should');
  expect(leftovers()).toEqual([]);
});
