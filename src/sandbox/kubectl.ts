// Runs kubectl against one named cluster and nothing else: the ambient KUBECONFIG may be production's.
import { spawn } from 'node:child_process';

export interface KubectlResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface KubectlOptions {
  /** The program and the arguments that come before kubectl's own. */
  command: [program: string, ...args: string[]];
  kubeconfig: string;
  /** Where kubectl keeps its caches. */
  home: string;
}

/** A failing kubectl is a result, not an error; only a program that cannot be started is. */
export function runKubectl(options: KubectlOptions, args: string[], stdin?: string): Promise<KubectlResult> {
  const [program, ...first] = options.command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...first, '--kubeconfig', options.kubeconfig, ...args], {
      env: { PATH: process.env.PATH, HOME: options.home, KUBECONFIG: options.kubeconfig },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => {}); // kubectl did not want it
    child.stdin.end(stdin ?? '');
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}
