// Whether an object is as desired: one order of questions for every object, one rule per kind. The order and
// most rules are kstatus' (kubernetes-sigs/cli-utils); where Pawl differs, the kind's own file says so.

import type { Health } from '../model/health.ts';
import { ruleFor } from '../model/kind-rules.ts';
import { gvkOf, type KubeObject } from '../model/object.ts';
import { type HealthContext, failed, inProgress, terminating } from './answers.ts';
import { apiServiceHealth } from './apiservice.ts';
import { rolloutHealth } from './argo-rollouts.ts';
import { certificateHealth, certificateRequestHealth } from './cert-manager.ts';
import { crdHealth } from './crd.ts';
import { customHealth } from './custom-kind.ts';
import { daemonSetHealth } from './daemonset.ts';
import { deploymentHealth } from './deployment.ts';
import { at, conditionOf, numberIn } from './fields.ts';
import { canaryHealth } from './flagger.ts';
import { cronJobHealth, genericHealth, ingressHealth } from './generic.ts';
import { hpaHealth } from './hpa.ts';
import { jobHealth } from './job.ts';
import { knativeHealth } from './knative.ts';
import { namespaceHealth } from './namespace.ts';
import { isSaidBefore } from './old-news.ts';
import { pdbHealth } from './pdb.ts';
import { podHealth } from './pod.ts';
import { pvcHealth } from './pvc.ts';
import { replicaSetHealth } from './replicaset.ts';
import { serviceHealth } from './service.ts';
import { statefulSetHealth } from './statefulset.ts';

type Rule = (object: KubeObject, context: HealthContext) => Health;

/** By `kind.group`; what is not here follows the generic rule. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Deployment.apps', deploymentHealth],
  ['StatefulSet.apps', statefulSetHealth],
  ['DaemonSet.apps', daemonSetHealth],
  ['ReplicaSet.apps', replicaSetHealth],
  ['Pod.', podHealth],
  ['Job.batch', jobHealth],
  ['CronJob.batch', cronJobHealth],
  ['Service.', serviceHealth],
  ['Ingress.networking.k8s.io', ingressHealth],
  ['PersistentVolumeClaim.', pvcHealth],
  ['Namespace.', namespaceHealth],
  ['CustomResourceDefinition.apiextensions.k8s.io', crdHealth],
  ['APIService.apiregistration.k8s.io', apiServiceHealth],
  ['HorizontalPodAutoscaler.autoscaling', hpaHealth],
  ['PodDisruptionBudget.policy', pdbHealth],
  ['Rollout.argoproj.io', rolloutHealth],
  ['Canary.flagger.app', canaryHealth],
  ['Certificate.cert-manager.io', certificateHealth],
  ['CertificateRequest.cert-manager.io', certificateRequestHealth],
  ['Service.serving.knative.dev', knativeHealth],
  ['Configuration.serving.knative.dev', knativeHealth],
  ['Revision.serving.knative.dev', knativeHealth],
  ['Route.serving.knative.dev', knativeHealth],
]);

/** `kind.group` of those with a rule. */
export const KINDS: readonly string[] = [...RULES.keys()];

/** The health of a live object; undefined is one that does not exist, though it is desired. */
export function healthOf(object: KubeObject | undefined, context: HealthContext): Health {
  if (object === undefined) return inProgress('NotFound', 'does not exist');
  if (object.metadata.deletionTimestamp !== undefined) return terminating('is being deleted');
  const unseen = notYetSeen(object, context);
  if (unseen !== undefined) return unseen;
  const gvk = gvkOf(object);
  const own = ruleFor(context.kinds ?? [], gvk);
  if (own !== undefined) return unlessSaidBefore(customHealth(object, own, context.effort), object, context);
  if (saysNow(object, 'Reconciling')) {
    return inProgress('Reconciling', conditionOf(object, 'Reconciling')?.message || 'is being reconciled');
  }
  if (saysNow(object, 'Stalled')) {
    const message = conditionOf(object, 'Stalled')?.message || 'says that it is stalled';
    return unlessSaidBefore(failed('Stalled', message), object, context);
  }
  return (RULES.get(`${gvk.kind}.${gvk.group}`) ?? genericHealth)(object, context);
}

/** Not every controller says of which generation it speaks: a failure that stood before the apply is no news. */
function unlessSaidBefore(health: Health, object: KubeObject, context: HealthContext): Health {
  if (health.status !== 'Failed' || !isSaidBefore(object, context)) return health;
  return inProgress('NotObserved', `its status is as it was before the change: ${health.message}`);
}

/** Whether what the status says is about the object as it was applied. */
function notYetSeen(object: KubeObject, context: HealthContext): Health | undefined {
  const { generation, uid } = object.metadata;
  const sameObject = context.appliedUid === undefined || context.appliedUid === uid;
  if (sameObject && context.minGeneration !== undefined && generation !== undefined) {
    if (generation < context.minGeneration) {
      return inProgress('NotYetSeen', 'the change has not come back from the API server yet');
    }
  }
  const observed = numberIn(at(object, 'status'), 'observedGeneration');
  if (generation !== undefined && observed !== undefined && observed !== generation) {
    return inProgress('NotObserved', 'its controller has not seen the change yet');
  }
  return undefined;
}

/** A condition that carries the generation it was judged at speaks of that one only. */
function saysNow(object: KubeObject, type: string): boolean {
  const condition = conditionOf(object, type);
  if (condition?.status !== 'True') return false;
  const { generation } = object.metadata;
  return (
    condition.observedGeneration === undefined ||
    generation === undefined ||
    condition.observedGeneration >= generation
  );
}
