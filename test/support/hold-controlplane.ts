// A program that starts a control plane, says where it is, and then waits to be killed.
import { startControlPlane } from '../../src/sandbox/controlplane.ts';

const { dir, server, kubeconfig } = await startControlPlane();
console.log(JSON.stringify({ dir, server, kubeconfig }));
setInterval(() => {}, 60_000);
