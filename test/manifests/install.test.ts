// One command installs Pawl, again and again, into namespaces of the strictest kind.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { configOf } from '../../src/config.ts';
import { resolveApp } from '../../src/model/resolve.ts';
import { file } from '../render/files.ts';
import { parse } from '../../src/render/render.ts';
import { type Json, type TestCluster, testCluster } from '../support/cluster.ts';
import { ASIDE_MB } from '../../src/main/parse-aside.ts';
import { install } from './install.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await testCluster();
});

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('kubectl apply -k manifests', () => {
  test('installs everything, and changes nothing the second time', async () => {
    await install(cluster);
    const again = (await install(cluster)).trim().split('\n');
    expect(again.length).toBeGreaterThan(10);
    expect(again.filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
  });

  test('warns of nothing, and the reader role keeps its rules', async () => {
    const { code, stderr } = await cluster.tryKubectl(['apply', '-k', 'manifests']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await cluster.get('clusterrole', 'pawl-reader')).rules.length).toBeGreaterThan(5);
  });

  test('can be done by server-side apply as well', async () => {
    await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-k', 'manifests']);
  });
});

describe('the Deployment', () => {
  const found = parse([file('deployment.yaml', read('manifests/deployment.yaml'))]).objects[0]
    ?.object as Json;
  const pod = found.spec.template.spec;
  const container = pod.containers[0];

  test('is admitted by a namespace of the restricted level', async () => {
    await cluster.kubectl(['apply', '-f', 'manifests/namespace.yaml']);
    const { stderr } = await cluster.tryKubectl(
      ['create', '--dry-run=server', '-f-'],
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'try', namespace: 'pawl-system' },
        spec: { ...pod, serviceAccountName: 'default' },
      }),
    );
    expect(stderr).toBe('');
  });

  test('has nothing of the host, no root, and nowhere to write but its folders', () => {
    expect(Object.keys(pod).filter((field) => field.startsWith('host'))).toEqual([]);
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.volumes.every((volume: Json) => volume.emptyDir?.sizeLimit !== undefined)).toBe(true);
    expect(container.resources.limits.memory).toBeDefined();
  });

  test('has the memory for its heap, a pack, the thread that parses, and itself', () => {
    const numberAfter = (texts: string[], flag: string) =>
      Number(texts.find((text) => text.startsWith(flag))?.slice(flag.length));
    const options = container.env.find(({ name }: Json) => name === 'NODE_OPTIONS').value.split(' ');
    const heapMb = numberAfter(options, '--max-old-space-size=');
    const packMb = numberAfter(container.args, '--max-pack-mib=');
    const limitMb = Number(container.resources.limits.memory.replace(/Mi$/, ''));
    expect(limitMb).toBeGreaterThanOrEqual(heapMb + packMb + ASIDE_MB + 100);
  });

  test('is started with flags that Pawl takes', () => {
    const [command, ...flags] = container.args as string[];
    expect(command).toBe('run');
    const given = Object.fromEntries(
      flags.map((flag) => {
        const [name = '', value] = flag.replace(/^--/, '').split('=');
        return [name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()), value];
      }),
    );
    expect(configOf(given, {})).toMatchObject({
      namespace: 'pawl-system',
      host: '0.0.0.0',
      port: container.ports[0].containerPort,
      cacheDir: container.volumeMounts[0].mountPath,
      clusterName: 'cluster',
      maxPackBytes: 256 * 1024 * 1024,
    });
  });

  test('is asked for its health where Pawl answers', () => {
    const paths = [container.startupProbe, container.livenessProbe, container.readinessProbe].map(
      (probe: Json) => probe.httpGet.path,
    );
    expect(paths).toEqual(['/healthz', '/healthz', '/readyz']);
    const server = read('src/server/http.ts');
    for (const path of paths) expect(server).toContain(path);
  });
});

describe('the example', () => {
  const { objects, problems } = parse([file('app.yaml', read('manifests/example/app.yaml'))]);

  test('is an App that Pawl takes, with everything it needs', async () => {
    expect(problems).toEqual([]);
    expect(objects.map(({ object }) => object.kind)).toEqual([
      'Namespace',
      'ServiceAccount',
      'RoleBinding',
      'Role',
      'RoleBinding',
      'Secret',
      'App',
    ]);
    await install(cluster);
    const namespace = await cluster.freshNamespace('example');
    const own = read('manifests/example/app.yaml')
      .replaceAll('namespace: shop', `namespace: ${namespace}`)
      .replace('name: shop\n---', `name: ${namespace}\n---`);
    await cluster.kubectl(['apply', '-f-'], own);
    const app = await cluster.get('app', 'shop', namespace);
    expect(resolveApp(app)).toHaveProperty('ok');
  });
});

test('the image is built from files that exist, and runs as nobody', async () => {
  const dockerfile = read('Dockerfile');
  const { stdout } = await promisify(execFile)('git', [
    'ls-files',
    'package.json',
    'package-lock.json',
    'scripts/build.ts',
  ]);
  expect(stdout.trim().split('\n')).toHaveLength(3);
  expect(read('.dockerignore')).toContain('!scripts');
  expect(read('scripts/build.ts')).toContain('dist/pawl.js');
  expect(dockerfile).toMatch(/^USER 65532:65532$/m);
  expect(dockerfile).toContain('/src/dist/pawl.js');
});
