// Sets the scene: cluster, git server, Pawl's definition and rights, and the agent with exactly its own account's
// token. What is to be removed is noted as soon as it is there, so that a start that fails leaves nothing.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../cli/environment.ts';
import type { KubeObject } from '../model/object.ts';
import { createFolder, type SandboxFolder, sweep } from '../sandbox/folder.ts';
import { type GitServer, startGitServer } from '../sandbox/git-server.ts';
import { workingCopy } from '../sandbox/working-copy.ts';
import { type Agent, startAgent } from './agent.ts';
import { DEPLOYER, demoApp, gitSecret } from './app.ts';
import { readWriters } from './audit.ts';
import { readBranch } from './branch.ts';
import { runPawl } from './command-line.ts';
import { accountKubeconfig, apply, install, kubectl, refuseInstalled, uninstall } from './install.ts';
import { objectsToInstall } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import type { Scene } from './scene.ts';
import { openShop } from './shop.ts';
import { snapshotOf } from './snapshot.ts';
import type { Telling } from './telling.ts';
import { openView } from './view.ts';

export interface SettingOptions {
  /** The checkout. */
  root: string;
  kubeconfig: string | undefined;
  /** Program and first arguments of the agent. */
  agent: readonly string[];
}

export interface Setting {
  scene: Scene;
  place: Place;
  agent: Agent;
  cloneUrl: string;
}

export type Endings = (() => Promise<void> | void)[];

/** Where the agent writes, once it runs. */
export type OnLog = (path: string) => void;

const REPOSITORY = 'shop';
const AGENT_ACCOUNT = 'pawl';

export async function setScene(
  options: SettingOptions,
  environment: Environment,
  signal: AbortSignal,
  tell: Telling,
  endings: Endings,
  onLog: OnLog,
): Promise<Setting> {
  const { clock, env } = environment;
  for (const path of sweep()) tell.line(`Removed ${path}, left behind by a demo that was killed.`);
  const place = await openPlace({ kubeconfig: options.kubeconfig, env, signal, log: tell.line });
  const { cluster, namespaces } = place;
  endings.push(() => cluster.stop());
  tell.line(`Kubernetes answers at ${cluster.server}.`);
  const folder = createFolder();
  endings.push(() => folder.remove());

  const passwords = { pawl: password(), ann: password(), you: password() };
  const git = await startGitServer({ root: join(folder.path, 'git'), users: passwords });
  endings.push(() => git.close());
  const url = await git.createRepository(REPOSITORY);
  const http = { user: 'ann', password: passwords.ann };
  const person = await workingCopy(git, REPOSITORY, join(folder.path, 'ann'), { http });
  tell.line(`A git server holds an empty repository: ${url}`);

  await installPawl(options.root, place, signal, endings);
  tellInstalled(tell, place);

  const logPath = join(folder.path, 'agent.log');
  const agent = await launchAgent(options.agent, place, folder, logPath);
  onLog(logPath);
  endings.push(agent.stop);
  signal.throwIfAborted();
  tell.line(
    `The agent runs as process ${agent.pid}, with the token of the account ${namespaces.agent}/${AGENT_ACCOUNT} and no other rights. Its log: ${logPath}`,
  );

  const playing = AbortSignal.any([signal, agent.gone]);
  const connection = await environment.connect({ kubeconfig: cluster.kubeconfig }, playing);
  endings.push(() => connection.close());
  const view = await openView(connection, namespaces.app, clock, playing);
  endings.push(view.stop);
  const secret = gitSecret(namespaces.app, 'pawl', passwords.pawl);
  const scene: Scene = {
    tell,
    clock,
    person,
    shop: openShop(options.root),
    images: place.images,
    namespace: namespaces.app,
    view,
    snapshot: async () =>
      snapshotOf(await readBranch(person, git.repositoryDir(REPOSITORY), 'main'), await view.live()),
    kubectl: (args) => kubectl(cluster, args),
    pawl: (args) => runPawl(environment, [...args, '--kubeconfig', cluster.kubeconfig], playing),
    writers: writersOf(place),
    createApp: () => apply(cluster, secret, demoApp(namespaces.app, url)),
    timeoutMs: place.storyTimeoutMs,
  };
  return { scene, place, agent, cloneUrl: cloneUrlOf(git, 'you', passwords.you) };
}

async function launchAgent(
  command: readonly string[],
  { cluster, namespaces }: Place,
  folder: SandboxFolder,
  logPath: string,
): Promise<Agent> {
  const kubeconfig = join(folder.path, 'agent.kubeconfig');
  const account = { namespace: namespaces.agent, name: AGENT_ACCOUNT };
  writeFileSync(kubeconfig, JSON.stringify(await accountKubeconfig(cluster, account)), { mode: 0o600 });
  const args = [
    'run',
    `--kubeconfig=${kubeconfig}`,
    `--namespace=${namespaces.agent}`,
    `--cache-dir=${join(folder.path, 'cache')}`,
    '--cluster-name=demo',
    '--listen=127.0.0.1:0',
    '--lease-duration=5',
  ];
  const agent = startAgent({ command, args, logPath, dir: folder.path });
  // A sweep ends it, should its leash ever fail.
  folder.record('agent', agent.pid);
  return agent;
}

async function installPawl(
  root: string,
  { cluster, isOwn, namespaces }: Place,
  signal: AbortSignal,
  endings: Endings,
): Promise<void> {
  const objects: KubeObject[] = objectsToInstall(root, namespaces);
  if (!isOwn) {
    await refuseInstalled(cluster, objects);
    signal.throwIfAborted();
    endings.push(() => uninstall(cluster, objects));
  }
  await install(cluster, objects, signal);
}

function tellInstalled(tell: Telling, { isOwn, namespaces }: Place): void {
  const why = isOwn
    ? 'on simulated nodes the agent would be simulated as well'
    : 'the agent runs here, from this checkout';
  tell.line(
    `Installed from manifests/: the definition of an App, and the agent's rights. Left out is its Deployment: ${why}.`,
  );
  tell.line(
    `What is released is written as the account ${namespaces.app}/${DEPLOYER}, which may edit its own namespace and nothing else.`,
  );
}

function writersOf({ cluster: { auditLog }, namespaces }: Place): Scene['writers'] {
  if (auditLog === undefined) return undefined;
  const user = (namespace: string, name: string) => `system:serviceaccount:${namespace}:${name}`;
  const want = [`${user(namespaces.agent, AGENT_ACCOUNT)} as ${user(namespaces.app, DEPLOYER)}`];
  return () => ({ want, found: readWriters(auditLog, namespaces.app) });
}

function cloneUrlOf(git: GitServer, user: string, password: string): string {
  const url = new URL(git.repositoryUrl(REPOSITORY));
  url.username = user;
  url.password = password;
  return url.href;
}

/** Everyone on this machine can reach the git server. */
function password(): string {
  return randomBytes(9).toString('base64url');
}
