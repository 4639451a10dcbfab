// The App of the demo, and the Secret that opens its repository.

import { type App, APP_API_VERSION, APP_KIND } from '../model/app.ts';
import type { KubeObject } from '../model/object.ts';
import { DEMO_LABEL } from './manifests.ts';

export const APP_NAME = 'shop';

/** As manifests/example/app.yaml names it. */
export const DEPLOYER = 'shop-deployer';

const SECRET_NAME = 'shop-git';
const labels = { [DEMO_LABEL]: 'true' };

export function demoApp(namespace: string, url: string): App {
  return {
    apiVersion: APP_API_VERSION,
    kind: APP_KIND,
    metadata: { name: APP_NAME, namespace, labels },
    spec: {
      source: { url, branch: 'main', path: 'deploy', secretRef: { name: SECRET_NAME } },
      serviceAccountName: DEPLOYER,
      // Each second, as there is no webhook here.
      schedule: '* * * * * *',
      health: {
        timeout: '2m',
        // Shorter than the defaults, which fit kubelets that take their time. Crash loops are noticed as usual.
        thresholds: { ImageNotFound: { after: '2s', count: 1 }, Confirmation: { after: '1s' } },
      },
      // People play with it for an hour, and break it on purpose.
      rollback: { limit: { reverts: 20, per: '1h' } },
    },
  };
}

export function gitSecret(namespace: string, username: string, password: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: SECRET_NAME, namespace, labels },
    stringData: { username, password },
  };
}
