// Which address an http check asks: the cluster's own address of a live Service of the App, and no other ever.
// 1. The Service is one that this commit holds and that carries the App's membership label.
// 2. It selects pods. One without a selector, or with endpoints that the repository holds, could lead anywhere.
//    What leads it elsewhere and is not in the repository is found among its live slices (endpoints.ts).
// 3. Only an IP address that the API server gave it is asked, so no name is resolved.

import { isIP } from 'node:net';
import { APPLYSET } from '../../model/app.ts';
import type { HttpCheck } from '../../model/checks.ts';
import type { Manifest } from '../../model/manifest.ts';
import { type KubeObject, keyOf, type ObjectId } from '../../model/object.ts';
import { at, listAt, numberIn, textIn } from '../fields.ts';

export function serviceOf({ service, namespace }: HttpCheck): ObjectId {
  return { group: '', kind: 'Service', namespace, name: service };
}

/** Why the check cannot be made of these manifests; undefined where it can. */
export function httpRefusal(check: HttpCheck, manifests: readonly Manifest[]): string | undefined {
  const id = serviceOf(check);
  const named = `the Service ${id.namespace}/${id.name}`;
  const found = manifests.find(({ key }) => key === keyOf(id));
  if (found === undefined) return `${named} is not among the objects of this commit`;
  if (manifests.some(({ object }) => isEndpointsOf(object, id)))
    return `the endpoints of ${named} are set by hand, so it may lead anywhere`;
  const why = unusable(found.object);
  return why === undefined ? portRefusal(check, found.object, named) : `${named} ${why}`;
}

/** Endpoints that a repository holds for the Service. */
function isEndpointsOf({ kind, metadata }: KubeObject, id: ObjectId): boolean {
  if (metadata.namespace !== id.namespace) return false;
  if (kind === 'Endpoints') return metadata.name === id.name;
  return kind === 'EndpointSlice' && metadata.labels?.['kubernetes.io/service-name'] === id.name;
}

function unusable(service: KubeObject): string | undefined {
  const spec = at(service, 'spec');
  if (textIn(spec, 'type') === 'ExternalName') return 'is an ExternalName, which may lead anywhere';
  if (Object.keys(at(spec, 'selector')).length === 0) return 'has no selector, so it may lead anywhere';
  if (textIn(spec, 'clusterIP') === 'None') return 'is headless, so it has no address of its own';
  return undefined;
}

function portRefusal(check: HttpCheck, service: KubeObject, named: string): string | undefined {
  return portIn(check, service) === undefined ? `${named} has no TCP port ${check.port}` : undefined;
}

function portIn({ port }: HttpCheck, service: KubeObject): number | undefined {
  const found = listAt(service, 'spec', 'ports').find((one) =>
    typeof port === 'number' ? numberIn(one, 'port') === port : textIn(one, 'name') === port,
  );
  if (found === undefined || !['', 'TCP'].includes(textIn(found, 'protocol'))) return undefined;
  return numberIn(found, 'port');
}

export type Address = { address: string; port: number } | { refused: string };

/** As the live object says, which others may have changed since. */
export function addressOf(check: HttpCheck, live: KubeObject | undefined, applySet: string): Address {
  if (live === undefined || live.metadata.deletionTimestamp !== undefined)
    return { refused: 'its Service does not exist' };
  if (live.metadata.labels?.[APPLYSET.partOf] !== applySet)
    return { refused: "its Service is not the App's any more" };
  const why = unusable(live);
  if (why !== undefined) return { refused: `its Service ${why}` };
  const address = textIn(at(live, 'spec'), 'clusterIP');
  const port = portIn(check, live);
  if (isIP(address) === 0) return { refused: 'its Service has no address yet' };
  return port === undefined ? { refused: `its Service has no TCP port ${check.port}` } : { address, port };
}
