// `pawl demo` from a checkout runs right here. The bundle is the agent and the command line alone: it hands over
// to the checkout that it was built in, which has the control plane's sources and the fixtures.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DemoFlags } from '../cli/agent-commands.ts';
import type { Environment } from '../cli/environment.ts';
import { PawlError } from '../model/errors.ts';

declare const PAWL_VERSION: string | undefined;

export async function demo(flags: DemoFlags, environment: Environment): Promise<number> {
  if (typeof PAWL_VERSION === 'string') return fromCheckout(flags, environment.signal);
  const { runDemo } = await import('../demo/demo.ts');
  return runDemo(flags, environment);
}

async function fromCheckout(flags: DemoFlags, signal: AbortSignal): Promise<number> {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  if (!existsSync(main)) {
    throw new PawlError({
      code: 'DemoNeedsCheckout',
      message: 'the demo is not part of this installation',
      hint: 'Run `npm ci && npm run demo` in a checkout of Pawl.',
    });
  }
  const leash = new URL('../src/demo/leash.ts', import.meta.url).href;
  const args = [
    // It must not outlive this process, however that ends.
    '--import',
    leash,
    main,
    'demo',
    ...(flags.kubeconfig === undefined ? [] : [`--kubeconfig=${flags.kubeconfig}`]),
    ...(flags.exit === true ? ['--exit'] : []),
  ];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'inherit', 'inherit'] });
  signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
  // It decides when all is cleared away.
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 2));
  });
}
