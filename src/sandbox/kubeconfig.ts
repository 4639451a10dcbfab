// A kubeconfig for one user of one cluster.

export interface KubeconfigOptions {
  server: string;
  caPem: string;
  user: string;
  token: string;
}

/** As JSON, which is YAML. */
export function kubeconfigOf({ server, caPem, user, token }: KubeconfigOptions): string {
  const name = 'pawl-sandbox';
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name, cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') } },
      ],
      users: [{ name: user, user: { token } }],
      contexts: [{ name, context: { cluster: name, user } }],
      'current-context': name,
    },
    undefined,
    2,
  );
}
