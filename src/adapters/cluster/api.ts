// Reading and writing objects as raw JSON, as Pawl itself or as a service account. Bodies go out and come in as
// they are: no class stands between, so no field is lost on the way.

import { ApiError, PawlError } from '../../model/errors.ts';
import { FIELD_MANAGER } from '../../model/app.ts';
import { apiVersionOf, gvkOf } from '../../model/object.ts';
import type { Gvk, KubeObject } from '../../model/object.ts';
import type { Account, Clock, ClusterApi, ListQuery, ObjectRef, ResourceType } from '../../ports.ts';
import { errorOfAnswer } from './answer.ts';
import type { Ask, Connection } from './connect.ts';
import type { Listing } from './mirror.ts';
import type { Discovery } from './discovery.ts';
import { collectionPath, objectPath, requireNamespace, selectors, showRef } from './paths.ts';
import type { Query } from './paths.ts';
import { withRetry } from './retry.ts';
import { scrubberOf } from './scrub.ts';

export interface ApiOptions {
  clock: Clock;
  random: () => number;
  /** Of one try. */
  requestTimeoutMs: number;
  /** How long a request is tried again where that may help (see retry.ts). */
  retryForMs: number;
  /** How much time without any answer does not count as such. */
  awayForMs: number;
  /** Objects per page of a list. */
  pageSize: number;
  /** Asked before every write that is no dry-run; throws where Pawl no longer leads. */
  mayWrite: () => void;
}

/** What {@link ClusterApi} offers, and what only the adapter itself needs. */
export interface RawApi extends ClusterApi {
  jsonPatch(
    ref: ObjectRef,
    patch: readonly Record<string, unknown>[],
    signal: AbortSignal,
    options?: { subresource?: 'status'; idempotent?: boolean },
  ): Promise<KubeObject>;
}

/**
 * Validation of a write. The server refuses unknown fields of a server-side apply in every mode (measured with
 * 1.36: "field not declared in schema", for built-in and custom kinds alike), so nothing that another tool
 * applied server-side is refused by being strict; what Strict adds is unknown metadata and fields inside
 * embedded objects, which otherwise are dropped without a word. It is kubectl's default too.
 */
const VALIDATION = 'Strict';
const READ = { idempotent: true };

export function makeApi(
  connection: Connection,
  discovery: Discovery,
  account: Account | undefined,
  options: ApiOptions,
): RawApi {
  const { awayForMs, clock, random } = options;
  const identity = account === undefined ? {} : impersonation(account);

  async function typeOf(gvk: Gvk, asked: { verb: string; what: string }, signal: AbortSignal) {
    const type = await discovery.resource(gvk, signal);
    if (type === undefined) {
      throw new ApiError({
        code: 'ApiKindUnknown',
        message: `${asked.verb} ${asked.what}: the server knows no ${apiVersionOf(gvk)} ${gvk.kind}`,
        hint: 'Install the CRD, or correct apiVersion and kind.',
        retry: 'later',
        status: 404,
        reason: 'NotFound',
      });
    }
    return type;
  }

  async function exchange(
    ask: Ask,
    repeat: { idempotent: boolean; unconditional?: boolean },
    secret: unknown,
    signal: AbortSignal,
  ): Promise<unknown> {
    return await withRetry(
      async () => {
        const answer = await connection.send(
          { ...ask, headers: { ...identity, ...ask.headers } },
          options.requestTimeoutMs,
          signal,
        );
        if (answer.status < 200 || answer.status > 299) {
          const error = errorOfAnswer(ask, answer, secret === undefined ? undefined : scrubberOf(secret));
          if (error.code === 'ApiKindUnknown') discovery.refresh();
          throw error;
        }
        return parsed(answer.body, ask);
      },
      { ...repeat, forMs: options.retryForMs, awayForMs, clock, random },
      signal,
    );
  }

  async function write(
    verb: string,
    ref: ObjectRef,
    request: {
      method: Ask['method'];
      path: (type: ResourceType) => string;
      body: unknown;
      contentType?: string;
      idempotent: boolean;
      unconditional?: boolean;
      dryRun: boolean;
    },
    signal: AbortSignal,
  ): Promise<unknown> {
    const asked = { verb: request.dryRun ? `${verb} (dry-run)` : verb, what: showRef(ref) };
    const type = await typeOf(ref.gvk, asked, signal);
    // The lease itself is how Pawl comes to lead.
    const isLease = ref.gvk.kind === 'Lease' && ref.gvk.group === 'coordination.k8s.io';
    const ask: Ask = {
      ...asked,
      method: request.method,
      path: request.path(type),
      body: JSON.stringify(request.body),
    };
    if (!request.dryRun && !isLease) ask.mayStart = options.mayWrite;
    if (request.contentType !== undefined) ask.contentType = request.contentType;
    const secret = ref.gvk.group === '' && ref.gvk.kind === 'Secret' ? request.body : undefined;
    const { idempotent, unconditional } = request;
    return await exchange(ask, { idempotent, unconditional }, secret, signal);
  }

  const common = (dryRun: boolean | undefined): Query => ({
    fieldManager: FIELD_MANAGER,
    fieldValidation: VALIDATION,
    dryRun: dryRun === true ? 'All' : undefined,
  });

  const api: RawApi = {
    async get(ref, signal) {
      const asked = { verb: 'get', what: showRef(ref) };
      const type = await typeOf(ref.gvk, asked, signal);
      try {
        const found = await exchange(
          { ...asked, method: 'GET', path: objectPath(type, ref) },
          READ,
          undefined,
          signal,
        );
        return asObject(found, asked);
      } catch (error) {
        if (error instanceof ApiError && error.code === 'ApiNotFound') return undefined;
        throw error;
      }
    },

    async list(query, signal) {
      const asked = { verb: 'list', what: query.gvk.kind };
      const type = await typeOf(query.gvk, asked, signal);
      let items: KubeObject[] = [];
      const begin = (): Listing => {
        items = [];
        return { page: (more) => void items.push(...more), end: () => {} };
      };
      await listPages((ask) => exchange(ask, READ, undefined, signal), type, query, options.pageSize, begin);
      return items;
    },

    async apply(object, { dryRun }, signal) {
      const ref = refOf(object);
      const path = (type: ResourceType) => objectPath(type, ref, { ...common(dryRun), force: true });
      const contentType = 'application/apply-patch+yaml';
      const unconditional = object.metadata.resourceVersion === undefined;
      const answer = await write(
        'apply',
        ref,
        { method: 'PATCH', path, body: object, contentType, idempotent: true, unconditional, dryRun },
        signal,
      );
      return asObject(answer, { verb: 'apply', what: showRef(ref) });
    },

    async create(object, signal) {
      const ref = refOf(object);
      const path = (type: ResourceType) => {
        requireNamespace(type, ref);
        return collectionPath(type, ref.namespace, common(false));
      };
      const answer = await write(
        'create',
        ref,
        { method: 'POST', path, body: object, idempotent: false, dryRun: false },
        signal,
      );
      return asObject(answer, { verb: 'create', what: showRef(ref) });
    },

    async mergePatch(ref, patch, { subresource, dryRun = false }, signal) {
      const path = (type: ResourceType) => objectPath(type, ref, common(dryRun), subresource);
      const contentType = 'application/merge-patch+json';
      const answer = await write(
        'patch',
        ref,
        { method: 'PATCH', path, body: patch, contentType, idempotent: true, dryRun },
        signal,
      );
      return asObject(answer, { verb: 'patch', what: showRef(ref) });
    },

    async jsonPatch(ref, patch, signal, { subresource, idempotent = false } = {}) {
      const path = (type: ResourceType) => objectPath(type, ref, common(false), subresource);
      const contentType = 'application/json-patch+json';
      // Adding to a list twice is not the same as once, so by default only what was surely not done is repeated.
      const answer = await write(
        'patch',
        ref,
        { method: 'PATCH', path, body: patch, contentType, idempotent, dryRun: false },
        signal,
      );
      return asObject(answer, { verb: 'patch', what: showRef(ref) });
    },

    async delete(ref, preconditions, { dryRun = false }, signal) {
      const body: Record<string, unknown> = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Foreground',
        preconditions,
      };
      if (dryRun) body['dryRun'] = ['All'];
      const path = (type: ResourceType) => objectPath(type, ref);
      try {
        await write('delete', ref, { method: 'DELETE', path, body, idempotent: true, dryRun }, signal);
      } catch (error) {
        // Gone already, or gone with its kind.
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
      }
    },
  };
  return api;
}

/**
 * A whole list, page by page. A page that comes too late (410: its snapshot was compacted away) means to begin
 * again, and then in one piece, which cannot expire.
 */
export async function listPages(
  exchange: (ask: Ask) => Promise<unknown>,
  type: ResourceType,
  query: ListQuery,
  pageSize: number,
  begin: () => Listing,
): Promise<void> {
  const asked = { verb: 'list', what: type.gvk.kind };
  for (let limit: number | undefined = pageSize; ; limit = undefined) {
    const listing = begin();
    let next: string | undefined;
    try {
      do {
        const path = collectionPath(type, query.namespace, { ...selectors(query), limit, continue: next });
        const page = (await exchange({ ...asked, method: 'GET', path })) as {
          metadata?: { continue?: string; resourceVersion?: string };
          items?: KubeObject[] | null;
        };
        const items = (page.items ?? []).map((item) => withKind(item, type.gvk));
        listing.page(items, page.metadata?.resourceVersion ?? '');
        next = page.metadata?.continue === '' ? undefined : page.metadata?.continue;
      } while (next !== undefined);
      listing.end();
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 410 || limit === undefined) throw error;
    }
  }
}

/** Items of a list of a built-in kind do not say what they are. */
function withKind(item: KubeObject, gvk: Gvk): KubeObject {
  return { ...item, apiVersion: apiVersionOf(gvk), kind: gvk.kind };
}

export function impersonation({ namespace, name }: Account): Record<string, string> {
  // Anything else could name another account, or break out of the header.
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(namespace) || !/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(name)) {
    throw new PawlError({
      code: 'AccountInvalid',
      message: `${JSON.stringify(`${namespace}/${name}`)} cannot be the name of a service account`,
      hint: 'Correct spec.serviceAccountName of the App.',
    });
  }
  // No groups: the server gives a service account its own, and naming them would need a right to them that
  // holds in the whole cluster.
  return { 'impersonate-user': `system:serviceaccount:${namespace}:${name}` };
}

function refOf(object: KubeObject): ObjectRef {
  return { gvk: gvkOf(object), namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}

function parsed(body: string, asked: { verb: string; what: string }): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw notAnObject(asked);
  }
}

function asObject(value: unknown, asked: { verb: string; what: string }): KubeObject {
  const object = value as Partial<KubeObject> | null;
  if (typeof object !== 'object' || object?.metadata === undefined || typeof object.kind !== 'string') {
    throw notAnObject(asked);
  }
  return object as KubeObject;
}

/** A login page of a proxy, for one. */
function notAnObject(asked: { verb: string; what: string }): ApiError {
  return new ApiError({
    code: 'ApiAnswerInvalid',
    message: `${asked.verb} ${asked.what}: the answer is no Kubernetes object`,
    hint: 'Look what stands between Pawl and the API server.',
    retry: 'later',
    status: 0,
  });
}
