// What the demo and the tests know of a cluster, be it the local control plane or one of the user's choice.
import type { ApiRequest, ApiResponse } from './api.ts';
import type { KubectlResult } from './kubectl.ts';

export interface Cluster {
  /** Path of a kubeconfig whose current context leads to the cluster. */
  kubeconfig: string;
  /** The API server's URL. */
  server: string;
  kubectl(args: string[], stdin?: string): Promise<KubectlResult>;
  /** A bare request as the kubeconfig's user, or with another token. */
  request(request: ApiRequest): Promise<ApiResponse>;
  /** Path of the API server's audit log, one JSON event per line; undefined where it is not ours to read. */
  auditLog: string | undefined;
  /** Ends what was started for it; a user's own cluster is left as it is. */
  stop(): Promise<void>;
}
