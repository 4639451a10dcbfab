// One control plane serves the whole test run. It is started when the first test asks for it, so that a run of
// tests which need none takes no time; tests keep apart by namespaces of their own.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type ControlPlane, startControlPlane } from '../../src/sandbox/controlplane.ts';

/** Fast enough for three restarts of a crashing container in two seconds. */
const timeScale = 0.05;

/** What a test needs to reach the cluster, as JSON. */
export interface SharedCluster {
  kubeconfig: string;
  /** The rest is known of the local control plane only. */
  local?: { server: string; token: string; caPem: string; auditLog: string; kubectl: string[]; dir: string };
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where to ask for the cluster, which is started by the first who asks. */
    clusterUrl: string;
  }
}

const stop = new AbortController();
let starting: Promise<ControlPlane> | undefined;
let door: Server | undefined;

export async function setup(project: TestProject): Promise<void> {
  door = createServer((_, response) => {
    share().then(
      (shared) => response.end(JSON.stringify(shared)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  const opened = once(door, 'listening');
  door.listen(0, '127.0.0.1').unref();
  await opened;
  project.provide('clusterUrl', `http://127.0.0.1:${(door.address() as AddressInfo).port}`);
}

export async function teardown(): Promise<void> {
  stop.abort(new Error('the test run has ended'));
  door?.close();
  door?.closeAllConnections();
  await starting?.then(
    (controlPlane) => controlPlane.stop(),
    () => {},
  );
}

async function share(): Promise<SharedCluster> {
  const named = process.env.PAWL_TEST_KUBECONFIG;
  if (named) return { kubeconfig: named };
  starting ??= startControlPlane({ signal: stop.signal, timeScale });
  const { kubeconfig, server, token, caPem, auditLog, kubectlCommand, dir } = await starting;
  return { kubeconfig, local: { server, token, caPem, auditLog, kubectl: kubectlCommand, dir } };
}
