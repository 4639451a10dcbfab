// Manifests that say the same thing in other words than the server keeps it, as people and generators write them.
// Each is applied once; from then on it is no difference: not for the next release, `pawl diff` or a new process.
import { expect, test } from 'vitest';
import { preview } from '../../src/main/preview.ts';
import { commandLine } from '../cli/command-line.ts';
import { auditMark, auditSince, writes } from '../support/audit.ts';
import type { Json } from '../support/cluster.ts';
import { put } from '../support/objects.ts';
import { appOf, inShop, type Shop } from '../support/shop.ts';
import { looks } from '../support/world.ts';

const TEMPLATE = `
  template:
    metadata: { creationTimestamp: null, labels: { app: NAME } }
    spec:
      containers:
        - name: main
          image: registry.example.com/shop/web:1.17
          resources: { requests: { cpu: 0.5, memory: 1024Mi }, limits: { cpu: "2000m", memory: 1Gi, ephemeral-storage: 1e9 } }
          ports: [{ containerPort: 8080 }, { containerPort: 8080, protocol: UDP }]
          env: [{ name: EMPTY, value: "" }, { name: B, value: b }, { name: A, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]
          command: null
          securityContext: {}
      volumes: [{ name: scratch, emptyDir: { sizeLimit: 0.5Gi } }]
      nodeSelector: null
      tolerations: []
      terminationGracePeriodSeconds: 30
`;
const workload = (kind: string, name: string, more: string) =>
  `apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name}, creationTimestamp: null, labels: {}, annotations: null }
spec:
  selector: { matchLabels: { app: ${name} } }${more}${TEMPLATE.replace('NAME', name)}status: {}
`;

/** Name → manifest. */
const CASES: Record<string, string> = {
  'quantities, defaults, nulls and empty lists of a Deployment': workload(
    'Deployment',
    'words',
    '\n  replicas: 1\n  strategy: {}',
  ),
  'a claim template with a status and no creation time': workload(
    'StatefulSet',
    'claims',
    `
  replicas: 0
  serviceName: claims
  volumeClaimTemplates:
    - metadata: { name: data, creationTimestamp: null }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1024Mi } } }
      status: {}`,
  ),
  'a DaemonSet as generators print it': workload('DaemonSet', 'everywhere', '\n  updateStrategy: {}'),
  'ports without a protocol, and the status of an exported Service': `apiVersion: v1
kind: Service
metadata: { name: ports, creationTimestamp: null }
spec:
  selector: { app: words }
  ports: [{ name: b, port: 81, targetPort: 8080 }, { name: a, port: 80 }, { name: dns, port: 80, protocol: UDP }]
status: { loadBalancer: {} }
`,
  'stringData beside data, and a key in both': `apiVersion: v1
kind: Secret
metadata: { name: words, creationTimestamp: null }
type: Opaque
data: { a: YQ==, both: b2xk }
stringData: { b: "b", both: new, number: "1" }
`,
  'a ConfigMap without data, and one with bytes': `apiVersion: v1
kind: ConfigMap
metadata: { name: bytes }
data: { text: "a\\nb\\n", empty: "" }
binaryData: { bytes: AAEC }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: nothing }
data: null
`,
  'the quantities of a quota and of limits': `apiVersion: v1
kind: ResourceQuota
metadata: { name: much }
spec: { hard: { requests.cpu: 100000m, limits.memory: 1024Gi, pods: "100" } }
---
apiVersion: v1
kind: LimitRange
metadata: { name: much }
spec: { limits: [{ type: Container, max: { cpu: 64000m, memory: 64Gi } }] }
`,
  'a suspended Job and a CronJob with nulls in their templates': `apiVersion: batch/v1
kind: Job
metadata: { name: once, creationTimestamp: null }
spec:
  suspend: true
  template:
    metadata: { creationTimestamp: null }
    spec:
      restartPolicy: Never
      containers: [{ name: main, image: web:1, resources: { limits: { cpu: "1", memory: 1Gi } } }]
status: {}
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly, creationTimestamp: null }
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    metadata: { creationTimestamp: null, name: nightly }
    spec:
      template:
        metadata: { creationTimestamp: null }
        spec:
          restartPolicy: OnFailure
          containers: [{ name: main, image: web:1, resources: {} }]
status: {}
`,
  'autoscalers of both versions': `apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: { name: one, creationTimestamp: null }
spec: { maxReplicas: 3, targetCPUUtilizationPercentage: 80, scaleTargetRef: { apiVersion: apps/v1, kind: StatefulSet, name: none } }
status: { currentReplicas: 0, desiredReplicas: 0 }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: two, creationTimestamp: null }
spec:
  maxReplicas: 3
  metrics: [{ type: Resource, resource: { name: memory, target: { type: AverageValue, averageValue: 1024Mi } } }]
  scaleTargetRef: { apiVersion: apps/v1, kind: StatefulSet, name: none }
status: { currentMetrics: null, desiredReplicas: 0 }
`,
  'policies, routes and rights': `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: open }
spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }], from: [{ podSelector: {} }] }, {}], policyTypes: [Ingress] }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: some }
spec: { maxUnavailable: 50%, selector: { matchLabels: { app: words } } }
status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: route }
spec:
  rules:
    - host: shop.example.com
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: ports, port: { name: a } } } }] }
status: { loadBalancer: {} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reads, creationTimestamp: null }
rules: [{ apiGroups: [""], resources: [configmaps, secrets], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reads, creationTimestamp: null }
roleRef: { kind: Role, name: reads, apiGroup: rbac.authorization.k8s.io }
subjects: [{ kind: ServiceAccount, name: reader, namespace: NAMESPACE }, { kind: User, name: ann }]
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader }
imagePullSecrets: [{ name: words }]
`,
  'a custom kind that keeps its own status, and floats': `apiVersion: words.example.com/v1
kind: Widget
metadata: { name: one, creationTimestamp: null }
spec: { size: 1.0, ratio: 0.5, list: [], map: {} }
status: { stated: true }
`,
};

const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.words.example.com' },
  spec: {
    group: 'words.example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
  status: { acceptedNames: { kind: '', plural: '' }, conditions: [], storedVersions: [] },
};

/** Every object of the App, and the version it has. */
async function versions(shop: Shop): Promise<Record<string, string>> {
  const kinds =
    'deployment,statefulset,daemonset,service,secret,configmap,resourcequota,limitrange,job,cronjob,hpa,networkpolicy,pdb,ingress,role,rolebinding,serviceaccount,widgets.words.example.com';
  const args = ['get', kinds, '-n', shop.namespace, '-l', 'applyset.kubernetes.io/part-of', '-o', 'json'];
  const { items } = JSON.parse(await shop.cluster.kubectl(args)) as { items: Json[] };
  return Object.fromEntries(
    items.map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.resourceVersion as string]),
  );
}

const fileOf = (name: string) => `deploy/${name.replace(/\W+/g, '-')}.yaml`;

test(
  'what says the same in other words is no difference, for the next release, `pawl diff` and a new process',
  inShop(
    {
      withoutApp: true,
      files: { 'deploy/first.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: first }\n' },
    },
    async (shop) => {
      const { cluster, namespace, person } = shop;
      await put(cluster, WIDGETS, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'shop-deployer-may-all', namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name: 'shop-deployer', namespace }],
      });
      const files = Object.fromEntries(
        Object.entries(CASES).map(([name, text]) => [fileOf(name), text.replace('NAMESPACE', namespace)]),
      );
      const commit = await person.publish('all', files);
      await put(cluster, appOf(namespace, shop.url));
      const agent = await shop.agent();
      await shop.healthyAt(commit, 60_000);
      expect((await cluster.get('widgets.words.example.com', 'one', namespace)).status).toEqual({
        stated: true,
      });
      await looks(shop, 3);
      const before = await versions(shop);
      const count = Object.keys(before).length;
      expect(count).toBe(21);

      // A release that brings one object more: the others are what they were.
      const next = await person.publish('one more', {
        'deploy/more.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more }\n',
      });
      await shop.healthyAt(next);
      const planned = agent.log.findLast(({ msg }) => msg === 'planned');
      expect(planned).toMatchObject({ create: 1, configure: 0, unchanged: count });
      await agent.stop();

      const pawl = commandLine({ kubeconfig: cluster.kubeconfig, namespace, environment: { preview } });
      const { code, stdout } = await pawl.run('diff', 'shop');
      expect([code, stdout]).toEqual([
        0,
        `${namespace}/shop at ${next.slice(0, 7)}: ${count + 1} unchanged\n`,
      ]);

      const mark = await auditMark();
      const again = await shop.agent();
      await looks(shop, 3);
      expect(again.log.filter(({ msg }) => msg === 'drift')).toEqual([]);
      const written = writes(await auditSince(mark)).filter(
        (event) => event.namespace === namespace && event.impersonatedUser !== undefined,
      );
      expect(written).toEqual([]);
      const { 'ConfigMap/more': _more, ...after } = await versions(shop);
      expect(without(after)).toEqual(without(before));
    },
  ),
);

/** Those that a controller goes on writing by itself are told by the audit log. */
function without(all: Record<string, string>): Record<string, string> {
  const busy = /^(HorizontalPodAutoscaler|ResourceQuota|Deployment|DaemonSet|CronJob|PodDisruptionBudget)\//;
  return Object.fromEntries(Object.entries(all).filter(([name]) => !busy.test(name)));
}
