// What of a cluster stands between an App and its objects: policies, webhooks, quotas. Cluster-wide objects are
// limited to one namespace, and gone when the test file ends.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { afterAll } from 'vitest';
import { filesIn } from '../../src/sandbox/arguments.ts';
import { type Json, type TestCluster, testCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { pathOf } from './objects.ts';

const left = new Set<() => Promise<void>>();

const servers = new Set<() => Promise<void>>();

afterAll(async () => {
  await Promise.all([...servers].map((close) => close()));
  await Promise.all([...left].map((remove) => remove()));
});

const admission = { apiVersion: 'admissionregistration.k8s.io/v1' };

const onlyIn = (namespace: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': namespace } });

/** A webhook for ConfigMaps that nobody answers; resolves once the server asks it. Returns how to remove it. */
export async function deadWebhook(namespace: string): Promise<() => Promise<void>> {
  const cluster = await testCluster();
  const name = `dead-${namespace}`;
  const remove = await put(cluster, 'validatingwebhookconfigurations', {
    ...admission,
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'dead.example.com',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        failurePolicy: 'Fail',
        sideEffects: 'None',
        timeoutSeconds: 1,
        admissionReviewVersions: ['v1'],
        namespaceSelector: onlyIn(namespace),
        rules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['configmaps'],
          },
        ],
      },
    ],
  });
  await refused(cluster, namespace, /failed calling webhook/);
  return remove;
}

export interface FailingWebhook {
  /** Answers this many requests that are no dry-runs with an error, then all others well. */
  fail(times: number): void;
  /** How many it has failed so far. */
  failed(): number;
  close(): Promise<void>;
}

/**
 * A webhook for ConfigMaps that is really there, and fails on order. It shows the API server's own certificate, which
 * the API server believes.
 */
export async function failingWebhook(namespace: string): Promise<FailingWebhook> {
  const cluster = await testCluster();
  if (cluster.auditLog === undefined || cluster.caPem === undefined)
    throw new Error('this needs the local control plane');
  const { servingCertificate, servingKey } = filesIn(dirname(cluster.auditLog));
  let left = 0;
  let failed = 0;
  const server = createServer(
    { cert: readFileSync(servingCertificate), key: readFileSync(servingKey) },
    (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const review = JSON.parse(Buffer.concat(parts).toString('utf8'));
        if (left > 0 && review.request.dryRun !== true) {
          left -= 1;
          failed += 1;
          response.writeHead(500).end('out of order');
          return;
        }
        const answer = { uid: review.request.uid, allowed: true };
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({ apiVersion: review.apiVersion, kind: 'AdmissionReview', response: answer }),
        );
      });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const remove = await put(cluster, 'validatingwebhookconfigurations', {
    ...admission,
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: `failing-${namespace}` },
    webhooks: [
      {
        name: 'failing.example.com',
        clientConfig: {
          url: `https://127.0.0.1:${port}/`,
          caBundle: Buffer.from(cluster.caPem).toString('base64'),
        },
        failurePolicy: 'Fail',
        sideEffects: 'None',
        timeoutSeconds: 5,
        admissionReviewVersions: ['v1'],
        namespaceSelector: onlyIn(namespace),
        rules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['configmaps'],
          },
        ],
      },
    ],
  });
  const close = async () => {
    left = 0;
    servers.delete(close);
    await remove();
    server.closeAllConnections();
    server.close();
  };
  servers.add(close);
  return {
    fail: (times) => {
      left = times;
    },
    failed: () => failed,
    close,
  };
}

/** A policy for Deployments and ConfigMaps in CEL; resolves once it is in force. */
export async function policy(namespace: string, expression: string): Promise<() => Promise<void>> {
  const cluster = await testCluster();
  const name = `test-${namespace}`;
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: {
      namespaceSelector: onlyIn(namespace),
      resourceRules: [
        {
          apiGroups: ['apps'],
          apiVersions: ['v1'],
          operations: ['CREATE', 'UPDATE'],
          resources: ['deployments'],
        },
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
      ],
    },
    // The ConfigMap of this name only shows that the policy is in force.
    validations: [
      { expression: `object.metadata.name != 'probe' && (object.kind != 'Deployment' || (${expression}))` },
    ],
  };
  const removals = [
    await put(cluster, 'validatingadmissionpolicies', {
      ...admission,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec,
    }),
    await put(cluster, 'validatingadmissionpolicybindings', {
      ...admission,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    }),
  ];
  await refused(cluster, namespace, /denied request/);
  return async () => {
    await Promise.all(removals.map((remove) => remove()));
  };
}

async function put(cluster: TestCluster, plural: string, object: Json): Promise<() => Promise<void>> {
  const path = `/apis/${object.apiVersion}/${plural}`;
  const { status, body } = await cluster.request({ method: 'POST', path, body: object });
  if (status !== 201) throw new Error(`${path}: ${JSON.stringify(body)}`);
  const remove = async () => {
    left.delete(remove);
    await cluster.request({ method: 'DELETE', path: `${path}/${object.metadata.name}` });
  };
  left.add(remove);
  return remove;
}

/** Waits until a new ConfigMap is refused so, without making one. */
async function refused(cluster: TestCluster, namespace: string, how: RegExp): Promise<void> {
  await eventually(
    async () => {
      const { status, body } = await cluster.request({
        method: 'POST',
        path: `${pathOf('configmaps', namespace)}?dryRun=All`,
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe' } },
      });
      if (!how.test(JSON.stringify(body))) throw new Error(`${status}: ${JSON.stringify(body)}`);
    },
    { timeoutMs: 60_000, describe: 'the server to refuse ConfigMaps' },
  );
}
