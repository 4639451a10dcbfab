// What others applied becomes Pawl's as a whole: no field is left that nobody can delete, no pod restarts, and
// nothing of controllers or of people is touched.
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { auditMark, auditSince, writes } from '../support/audit.ts';
import type { Json } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/git-server.ts';
import { live, liveList, pathOf, put } from '../support/objects.ts';
import { image } from '../support/plays.ts';
import { appOf, configYaml, inShop, type Shop, webYaml } from '../support/shop.ts';
import { looks } from '../support/world.ts';

/** `kubectl edit` opens what PATH knows as vi: one that does as it is told. */
function editing(script: string): void {
  const dir = temporaryFolder('editor');
  writeFileSync(join(dir, 'vi'), `#!/bin/sh\nexec sed -i '${script}' "$1"\n`);
  chmodSync(join(dir, 'vi'), 0o755);
  process.env.PATH = `${dir}${delimiter}${process.env.PATH ?? ''}`;
}

const config = (name: string, data: Record<string, string>) => `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name} }
data: ${JSON.stringify(data)}
`;
const OLD = { stays: 'same', goes: 'is in no manifest', later: 'goes with the second commit' };
const FIRST = { stays: 'same', later: OLD.later };
const SECOND = { stays: 'same' };

/** Each applies a ConfigMap with {@link OLD}. */
const tools: Record<string, (shop: Shop, manifest: string) => Promise<unknown>> = {
  'kubectl-apply': ({ cluster, namespace }, manifest) =>
    cluster.kubectl(['apply', '-n', namespace, '-f', '-'], manifest),
  'kubectl-edit': async ({ cluster, namespace }, manifest) => {
    const bare = manifest.replace(/"goes":"[^"]*",/, '');
    await cluster.kubectl(['create', '-n', namespace, '-f', '-'], bare);
    editing('s/^data:/data:\\n  goes: edited by hand/');
    await cluster.kubectl(['edit', 'configmap', 'kubectl-edit', '-n', namespace]);
  },
  'kubectl-replace': async ({ cluster, namespace }, manifest) => {
    await cluster.kubectl(['create', 'configmap', 'kubectl-replace', '-n', namespace]);
    await cluster.kubectl(['replace', '-n', namespace, '-f', '-'], manifest);
  },
  'kubectl-server-side': ({ cluster, namespace }, manifest) =>
    cluster.kubectl(['apply', '--server-side', '-n', namespace, '-f', '-'], manifest),
  helm: ({ cluster, namespace }, manifest) =>
    cluster.kubectl(['create', '--field-manager=helm', '-n', namespace, '-f', '-'], manifest),
  flux: (shop, manifest) => serverSide(shop, 'kustomize-controller', manifest),
  argocd: (shop, manifest) => serverSide(shop, 'argocd-controller', manifest),
  // Two tools, one after the other, that share fields.
  both: async (shop, manifest) => {
    await serverSide(shop, 'kustomize-controller', manifest);
    await tools['kubectl-apply']?.(shop, manifest);
  },
  // From before anybody kept books, or from a backup without them.
  unmanaged: async ({ cluster, namespace }, manifest) => {
    await cluster.kubectl(['create', '-n', namespace, '-f', '-'], manifest);
    const body = { metadata: { managedFields: [{}] } };
    const path = pathOf('configmaps', namespace, 'unmanaged');
    await cluster.request({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
    expect(
      (await live(cluster, 'configmaps', namespace, 'unmanaged')).metadata.managedFields,
    ).toBeUndefined();
  },
};

function serverSide({ cluster, namespace }: Shop, manager: string, manifest: string): Promise<string> {
  return cluster.kubectl(
    ['apply', '--server-side', `--field-manager=${manager}`, '-n', namespace, '-f', '-'],
    manifest,
  );
}

const filesOf = (data: Record<string, string>) =>
  Object.fromEntries(Object.keys(tools).map((name) => [`deploy/${name}.yaml`, config(name, data)]));

const podUids = async (shop: Shop): Promise<string[]> =>
  (await liveList(shop.cluster, 'pods', shop.namespace)).items
    .map(({ metadata }: Json) => metadata.uid)
    .toSorted();

test(
  'what other tools applied is taken over with every field, without a restart; what people add later stays theirs',
  inShop(
    {
      withoutApp: true,
      files: {
        'deploy/web.yaml': webYaml({ image: image('1.17') }),
        'deploy/config.yaml': configYaml(),
        ...filesOf(FIRST),
      },
    },
    async (shop) => {
      const { cluster, namespace, person } = shop;
      const data = async (name: string) => (await live(cluster, 'configmaps', namespace, name)).data;

      for (const [name, apply] of Object.entries(tools)) await apply(shop, config(name, OLD));
      // A controller's own field of an object that Flux applied, and a Deployment that was restarted by hand.
      await serverSide(shop, 'some-controller', config('flux', { injected: 'by a controller' }));
      const web = webYaml({ image: image('1.17') }).replace('spec:\n', 'spec:\n  minReadySeconds: 1\n');
      await cluster.kubectl(['apply', '-n', namespace, '-f', '-'], `${web}---\n${configYaml()}`);
      await cluster.kubectl(['rollout', 'restart', 'deployment/web', '-n', namespace]);
      await eventually(
        async () => {
          const { status, metadata } = await shop.deployment();
          expect(status).toMatchObject({
            readyReplicas: 3,
            replicas: 3,
            observedGeneration: metadata.generation,
          });
          expect(await podUids(shop)).toHaveLength(3);
        },
        { timeoutMs: 60_000 },
      );
      const pods = await podUids(shop);
      const restartedAt = (await shop.deployment()).spec.template.metadata.annotations;

      const mark = await auditMark();
      await put(cluster, appOf(namespace, shop.url));
      const agent = await shop.agent();
      await shop.healthyAt(shop.first);
      for (const name of Object.keys(tools)) {
        const kept = name === 'flux' ? { injected: 'by a controller' } : {};
        expect([name, await data(name)]).toEqual([name, { ...FIRST, ...kept }]);
        const { managedFields, annotations } = (await live(cluster, 'configmaps', namespace, name)).metadata;
        const managers = managedFields
          .map(({ manager, operation }: Json) => `${manager} ${operation}`)
          .toSorted();
        expect([name, managers]).toEqual([
          name,
          ['pawl Apply', ...(name === 'flux' ? ['some-controller Apply'] : [])],
        ]);
        expect(annotations?.['kubectl.kubernetes.io/last-applied-configuration']).toBeUndefined();
      }
      const deployment = await shop.deployment();
      expect(deployment.spec.minReadySeconds).toBeUndefined();
      expect(deployment.spec.template.metadata.annotations).toEqual(restartedAt);
      expect(await podUids(shop)).toEqual(pods);

      // One dry-run, one read, one write of managedFields and one apply for each, and nothing else.
      const asked = (await auditSince(mark)).filter(
        ({ resource, name, user, verb }) =>
          resource === 'configmaps' && name === 'helm' && user.endsWith(':pawl') && verb !== 'watch',
      );
      expect(asked.map(({ verb, dryRun }) => (dryRun ? `dry ${verb}` : verb))).toEqual([
        'dry patch',
        'get',
        'patch',
        'patch',
      ]);
      // Told once, with those who had it.
      const told = agent.log.filter(({ msg }) => msg === 'taken over');
      expect(told).toHaveLength(1);
      const from = Object.fromEntries(told[0].taken.map((one: Json) => [one.object, one.from]));
      expect(from[`${namespace}/ConfigMap/kubectl-edit`]).toEqual(['kubectl-create', 'kubectl-edit']);
      expect(from[`${namespace}/ConfigMap/helm`]).toEqual(['helm']);
      expect(from[`${namespace}/ConfigMap/flux`]).toEqual(['kustomize-controller']);

      // What people do to a member by kubectl: set back where it is Pawl's, theirs where it is not.
      editing('s/^data:/data:\\n  person: added by hand/;s/stays: same/stays: changed/');
      await cluster.kubectl(['edit', 'configmap', 'helm', '-n', namespace]);
      await eventually(async () => expect(await data('helm')).toEqual({ ...FIRST, person: 'added by hand' }));

      // What leaves the manifest goes, whoever had applied it once.
      const second = await person.publish('less', filesOf(SECOND));
      await shop.healthyAt(second);
      for (const name of Object.keys(tools)) {
        const kept = name === 'flux' ? { injected: 'by a controller' } : {};
        const theirs = name === 'helm' ? { person: 'added by hand' } : {};
        expect([name, await data(name)]).toEqual([name, { ...SECOND, ...kept, ...theirs }]);
      }
      expect(await podUids(shop)).toEqual(pods);

      // A new process takes over nothing anew.
      await agent.stop();
      const again = await auditMark();
      await shop.agent();
      await looks(shop, 3);
      const written = writes(await auditSince(again)).filter((event) => event.namespace === namespace);
      expect(written.filter(({ resource }) => resource === 'configmaps')).toEqual([]);
    },
  ),
  240_000,
);
