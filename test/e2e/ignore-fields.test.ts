// pawl.dev/ignore-fields: what it names is applied once, and left to others from then on.
import { expect, test } from 'vitest';
import { preview } from '../../src/main/preview.ts';
import { commandLine } from '../cli/command-line.ts';
import { eventually } from '../support/eventually.ts';
import { live, patch, pathOf } from '../support/objects.ts';
import { image } from '../support/plays.ts';
import { inShop, type Shop, shopFiles, webYaml } from '../support/shop.ts';
import { imageOf, looks } from '../support/world.ts';

const IGNORED = 'spec.template.spec.containers[name=web].image, spec.replicas';
const ignoring = (manifest: string) =>
  manifest.replace('  name: web\n', `  name: web\n  annotations: { pawl.dev/ignore-fields: "${IGNORED}" }\n`);
/** `operator` is set in the repository too, and `spec.ports` of the Service is left by its key. */
const more = (banner: string, operator: string) => `apiVersion: v1
kind: ConfigMap
metadata:
  name: shared
  annotations: { pawl.dev/ignore-fields: data.operator }
data: { banner: ${banner}, operator: ${operator} }
---
apiVersion: v1
kind: Service
metadata:
  name: ports
  annotations: { pawl.dev/ignore-fields: "spec.ports[port=80,protocol=TCP].targetPort, spec.selector.app" }
spec:
  selector: { app: web }
  ports: [{ name: a, port: 80, targetPort: 8080 }, { name: b, port: 81, targetPort: 8081 }]
`;

const ANOTHER = {
  spec: { template: { spec: { containers: [{ name: 'web', image: image('2.0') }] } }, replicas: 2 },
};

async function others(shop: Shop): Promise<void> {
  const { cluster, namespace } = shop;
  await patch(cluster, pathOf('deployments', namespace, 'web'), ANOTHER, 'strategic-merge-patch');
  await patch(cluster, pathOf('configmaps', namespace, 'shared'), { data: { operator: 'live' } });
  const ports = { spec: { selector: { app: 'other' }, ports: [{ port: 80, targetPort: 9090 }] } };
  await patch(cluster, pathOf('services', namespace, 'ports'), ports, 'strategic-merge-patch');
}

test(
  'fields that a manifest leaves to others are applied once, then neither sent, nor reset, nor drift, nor a difference',
  inShop(
    {
      files: {
        ...shopFiles(),
        'deploy/web.yaml': ignoring(webYaml()),
        'deploy/more.yaml': more('one', 'first'),
      },
    },
    async (shop) => {
      const { cluster, namespace, person } = shop;
      const agent = await shop.agent();
      await shop.healthyAt(shop.first);
      const seen = async () => {
        const { spec } = await live(cluster, 'services', namespace, 'ports');
        const web = await shop.deployment();
        return {
          image: imageOf(web),
          replicas: web.spec.replicas,
          data: (await live(cluster, 'configmaps', namespace, 'shared')).data,
          selector: spec.selector.app,
          targets: spec.ports.map(({ targetPort }: { targetPort: number }) => targetPort),
        };
      };
      // Created whole.
      expect(await seen()).toEqual({
        image: image('1.17'),
        replicas: 3,
        data: { banner: 'one', operator: 'first' },
        selector: 'web',
        targets: [8080, 8081],
      });

      // Written for another reason while nobody else has touched them: they keep their values and nobody resets them.
      const zeroth = await person.publish('zero', {
        'deploy/web.yaml': ignoring(webYaml({ image: image('1.16'), deadlineSeconds: 299 })).replace(
          '  replicas: 3\n',
          '',
        ),
      });
      await shop.healthyAt(zeroth);
      expect((await shop.deployment()).spec.progressDeadlineSeconds).toBe(299);
      expect(await seen()).toMatchObject({ image: image('1.17'), replicas: 3 });

      // No drift.
      await others(shop);
      const theirs = {
        image: image('2.0'),
        replicas: 2,
        data: { banner: 'one', operator: 'live' },
        selector: 'other',
        targets: [9090, 8081],
      };
      await looks(shop, 3);
      expect(await seen()).toEqual(theirs);
      expect(agent.log.filter(({ msg }) => msg === 'drift')).toEqual([]);

      // Their other fields are released, and these are not reset; what the repository says of them changes nothing.
      const second = await person.publish('two', {
        'deploy/web.yaml': ignoring(webYaml({ image: image('1.18'), deadlineSeconds: 300 })),
        'deploy/more.yaml': more('two', 'second').replace('8081', '8082'),
      });
      await shop.healthyAt(second);
      const released = { ...theirs, data: { banner: 'two', operator: 'live' }, targets: [9090, 8082] };
      expect(await seen()).toEqual(released);
      expect((await shop.deployment()).spec.progressDeadlineSeconds).toBe(300);

      // Once more, now that none of them is Pawl's; and not at all in the repository.
      const third = await person.publish('three', {
        'deploy/web.yaml': ignoring(webYaml({ image: image('1.19'), deadlineSeconds: 301 })).replace(
          '  replicas: 3\n',
          '',
        ),
        'deploy/more.yaml': more('three', 'x').replace(', operator: x', ''),
      });
      await shop.healthyAt(third);
      const last = { ...released, data: { banner: 'three', operator: 'live' }, targets: [9090, 8081] };
      expect(await seen()).toEqual(last);

      const pawl = commandLine({ kubeconfig: cluster.kubeconfig, namespace, environment: { preview } });
      expect(await pawl.run('diff', 'shop')).toMatchObject({ code: 0 });
      // Neither for a new process.
      await agent.stop();
      const again = await shop.agent();
      await looks(shop, 3);
      expect(await seen()).toEqual(last);
      expect(again.log.filter(({ msg }) => msg === 'drift')).toEqual([]);

      // Everything else is still Pawl's.
      await patch(cluster, pathOf('configmaps', namespace, 'shared'), { data: { banner: 'no' } });
      await eventually(async () => expect(await seen()).toEqual(last), { timeoutMs: 20_000 });
    },
  ),
);
