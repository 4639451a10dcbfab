// The command lines of the control plane's components, from the files in its folder.
import { join } from 'node:path';

export interface Place {
  dir: string;
  /** The API server's port on 127.0.0.1. */
  port: number;
}

/** The files that the components read, by what they are. */
export function filesIn(dir: string) {
  return {
    etcdSocket: join(dir, 'etcd.sock'),
    certificates: join(dir, 'certificates'),
    servingCertificate: join(dir, 'certificates', 'apiserver.crt'),
    servingKey: join(dir, 'certificates', 'apiserver.key'),
    serviceAccountKey: join(dir, 'service-account.key'),
    serviceAccountPublicKey: join(dir, 'service-account.pub'),
    tokens: join(dir, 'tokens.csv'),
    auditPolicy: join(dir, 'audit-policy.json'),
    auditLog: join(dir, 'audit.log'),
    kubeconfig: join(dir, 'kubeconfig'),
    kwokConfig: join(dir, 'kwok.yaml'),
    kubeconfigOf: (user: string) => join(dir, `${user.replaceAll(':', '-')}.kubeconfig`),
  };
}

/** Who talks to the API server on behalf of the cluster itself. All may do everything. */
export const systemUsers = {
  controllerManager: 'system:kube-controller-manager',
  scheduler: 'system:kube-scheduler',
  nodes: 'sandbox:nodes',
} as const;

export const adminUser = 'sandbox:admin';

export function etcdArguments({ dir }: Place): string[] {
  return ['--data-dir', join(dir, 'etcd'), '--socket', filesIn(dir).etcdSocket];
}

export function apiServerArguments({ dir, port }: Place): string[] {
  const files = filesIn(dir);
  return [
    `--etcd-servers=unix://${files.etcdSocket}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    // Where the `kubernetes` Service would lead: a documentation address, as nothing here runs in pods.
    '--advertise-address=192.0.2.1',
    '--endpoint-reconciler-type=none',
    `--cert-dir=${files.certificates}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--token-auth-file=${files.tokens}`,
    '--authorization-mode=RBAC',
    // A /24 would run out at 254 Services.
    '--service-cluster-ip-range=10.96.0.0/16',
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    // An event is in the file before the client has its answer, so that a test can read a complete log.
    '--audit-log-mode=blocking',
    '--audit-log-maxsize=0',
    '--allow-privileged=true',
    '--profiling=false',
  ];
}

// The default of 20 requests a second would be what a test of a hundred Deployments measures.
const unthrottled = ['--kube-api-qps=1000', '--kube-api-burst=2000'];
const alone = ['--leader-elect=false', '--secure-port=0', '--profiling=false'];

export function controllerManagerArguments({ dir }: Place): string[] {
  const files = filesIn(dir);
  return [
    `--kubeconfig=${files.kubeconfigOf(systemUsers.controllerManager)}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.servingCertificate}`,
    ...alone,
    ...unthrottled,
    '--concurrent-deployment-syncs=20',
    '--concurrent-replicaset-syncs=20',
    '--concurrent-statefulset-syncs=10',
    '--concurrent-daemonset-syncs=5',
    '--concurrent-job-syncs=10',
    '--concurrent-namespace-syncs=20',
  ];
}

export function schedulerArguments({ dir }: Place): string[] {
  return [`--kubeconfig=${filesIn(dir).kubeconfigOf(systemUsers.scheduler)}`, ...alone, ...unthrottled];
}

export function kwokArguments({ dir }: Place): string[] {
  const files = filesIn(dir);
  return [`--kubeconfig=${files.kubeconfigOf(systemUsers.nodes)}`, `--config=${files.kwokConfig}`];
}

/** Every request of everyone but the cluster's own components, without bodies. */
export function auditPolicy(): string {
  return JSON.stringify({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [
      { level: 'None', users: [...Object.values(systemUsers), 'system:apiserver'] },
      { level: 'Metadata' },
    ],
  });
}
