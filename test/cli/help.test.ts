// The command line's own doings: help, usage errors, and what it hands to the agent and the demo.
import { describe, expect, test } from 'vitest';
import type { RunFlags } from '../../src/config.ts';
import { commandLine } from './command-line.ts';

const kubeconfig = '/nonexistent';
const pawl = commandLine({ kubeconfig });

const COMMANDS = ['run', 'demo', 'status', 'history', 'diff', 'undo', 'release', 'suspend', 'resume', 'wait'];

describe('help', () => {
  test.each(COMMANDS)('of %s has examples of it', async (command) => {
    const { code, stdout, stderr } = await pawl.run(command, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: pawl ${command} `));
    expect(stdout).toMatch(new RegExp(`\nExamples:\n  pawl ${command}.*# \\w`));
  });

  test('of the program names every command, and the exit codes', async () => {
    const { code, stdout } = await pawl.run('--help');
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(stdout).toContain('Exit codes: 0 yes or done; 1 no,');
  });

  test('the version is printed', async () => {
    expect(await pawl.run('--version')).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });
});

describe('wrong usage ends with 2 and a hint', () => {
  test.each([
    { name: 'no command', args: [] },
    { name: 'an unknown command', args: ['sttus'] },
    { name: 'an unknown flag', args: ['status', '--wacth'] },
    { name: 'no App', args: ['undo'] },
    { name: 'an App too many', args: ['history', 'a', 'b'] },
    { name: 'a format that is none', args: ['status', '-o', 'yaml'] },
    { name: 'a time that is none', args: ['wait', 'a', '--commit', 'abcdef0', '--timeout', '10'] },
    { name: 'wait without a commit', args: ['wait', 'a'] },
    { name: 'a commit that is none', args: ['wait', 'a', '--commit', 'HEAD'] },
    { name: 'a name that is none', args: ['history', '../x'] },
    { name: 'an unknown flag of run', args: ['run', '--kube', 'x'] },
    { name: 'a kubeconfig that is not there', args: ['status'] },
  ])('$name', async ({ args }) => {
    const { code, stdout, stderr } = await pawl.run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/error: .*|Usage: pawl/);
    expect(stderr).toMatch(/hint: |Examples:/);
  });
});

describe('the agent and the demo', () => {
  test('get their flags, and their exit code is the answer', async () => {
    const got: unknown[] = [];
    const parts = {
      run: async (flags: RunFlags) => {
        got.push(flags);
        return 0;
      },
      demo: async (flags: object) => {
        got.push(flags);
        return 1;
      },
    };
    const line = commandLine({ kubeconfig, parts });
    const flags = [
      '--kubeconfig',
      'k',
      '--context',
      'c',
      '--namespace',
      'n',
      '--app-namespace',
      'a',
      '--cluster-name',
      'l',
    ];
    const more = [
      '--cache-dir',
      'd',
      '--listen',
      ':1',
      '--lease-duration',
      '9',
      '--log-level',
      'warn',
      '--git-timeout',
      '8',
      '--max-pack-mib',
      '7',
      '--prometheus-url',
      'http://p:9090',
      '--prometheus-token-file',
      't',
    ];
    expect((await line.run('run', ...flags, ...more)).code).toBe(0);
    expect((await line.run('run')).code).toBe(0);
    expect((await line.run('demo', '--exit', '--kubeconfig', 'k')).code).toBe(1);
    expect(got).toEqual([
      {
        kubeconfig: 'k',
        context: 'c',
        namespace: 'n',
        appNamespace: 'a',
        clusterName: 'l',
        cacheDir: 'd',
        listen: ':1',
        leaseDuration: '9',
        logLevel: 'warn',
        gitTimeout: '8',
        maxPackMib: '7',
        prometheusUrl: 'http://p:9090',
        prometheusTokenFile: 't',
      } satisfies Required<RunFlags>,
      {},
      { kubeconfig: 'k', exit: true },
    ]);
  });

  test('their errors are told like all others', async () => {
    expect(await pawl.run('demo')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: no demo here\nhint: /),
    });
  });
});
