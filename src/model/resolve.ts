// App → Settings: defaults filled in, units made numbers, and everything that Pawl cannot do refused by the
// name of its field. The custom resource's schema catches most mistakes earlier, with the same words; this is
// the word that counts, as a cluster may hold an older schema.
//
// 1. A field that Pawl does not act on is never ignored: it is refused while it asks for something.
// 2. All refusals are told at once.
// 3. No refusal quotes the URL: it may hold a password.

import { hash } from 'node:crypto';
import { validate as isCron } from 'node-cron';
import { APP_KIND, GROUP } from './app.ts';
import type { App, AppSpec } from './app.ts';
import { resolveChecks } from './checks.ts';
import { resolveDependsOn } from './depends-on.ts';
import { parseDurationMs } from './duration.ts';
import { kindRules } from './kind-rules.ts';
import type { Settings, Threshold } from './settings.ts';
import { SIGNALS } from './signal.ts';
import type { SignalName } from './signal.ts';
import { isBranchName, normalisePath, normaliseUrl } from './source-rules.ts';
import type { Invalid } from './source-rules.ts';
import { shapeProblems } from './spec-shape.ts';

export interface SpecRefusal {
  /** `NotSupported`: a field of the design that this version has not got; `InvalidSpec`: a mistake. */
  reason: 'NotSupported' | 'InvalidSpec';
  message: string;
  hint: string;
}

export type Resolved = { ok: Settings } | { refused: SpecRefusal[] };

/** Longer than any release, and far from where timers overflow. */
const MAX_DURATION_MS = 7 * 24 * 3_600_000;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const ACCOUNT = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

export function resolveApp(app: App): Resolved {
  const refused: SpecRefusal[] = [];
  const invalid: Invalid = (message, hint) => {
    refused.push({ reason: 'InvalidSpec', message, hint });
  };
  const spec = (app.spec ?? {}) as Partial<AppSpec>;
  const misshapen = shapeProblems(spec);
  for (const { field, wanted } of misshapen) {
    invalid(`${field} is not ${wanted}`, "Apply the App's definition of this version of Pawl again.");
  }
  if (misshapen.length > 0) return { refused };
  refused.push(...unsupported(spec));

  const duration = (field: string, text: string | undefined, fallback: string, leastMs: number): number => {
    const ms = parseDurationMs(text ?? fallback);
    if (ms !== undefined && ms >= leastMs && ms <= MAX_DURATION_MS) return ms;
    const why = ms === undefined ? 'is not a duration' : ms < leastMs ? 'is too short' : 'is more than 168h';
    invalid(`${field} ${why}`, 'Write it like 500ms, 30s, 5m, 1m30s or 1h.');
    return leastMs;
  };

  const url = normaliseUrl(spec.source?.url ?? '', invalid);
  const branch = spec.source?.branch ?? 'main';
  if (!isBranchName(branch)) {
    invalid('spec.source.branch is not a branch name that git accepts', 'Write it short, like main.');
  }
  const path = normalisePath(spec.source?.path ?? '');
  if (path === undefined) {
    invalid(
      "spec.source.path must be relative to the repository's root and hold no '..'",
      'Write it like deploy/production, without a leading slash.',
    );
  }
  const secretName = spec.source?.secretRef?.name;
  if (spec.source?.secretRef && !secretName) {
    invalid('spec.source.secretRef names no Secret', 'Write secretRef: { name: … }, or leave it out.');
  }
  const schedule = spec.schedule ?? '*/30 * * * * *';
  if (!isSchedule(schedule)) {
    invalid('spec.schedule is not a cron expression', "Write it like '*/30 * * * * *'; seconds come first.");
  }
  const defaultNamespace = spec.defaultNamespace || app.metadata.namespace;
  if (!NAMESPACE.test(defaultNamespace)) {
    invalid('spec.defaultNamespace is not the name of a namespace', 'Lower-case letters, digits and -.');
  }
  const serviceAccountName = spec.serviceAccountName ?? '';
  if (!ACCOUNT.test(serviceAccountName)) {
    invalid(
      'spec.serviceAccountName must name a service account of this namespace',
      'Every write of the objects is made as it; create one and give it the rights of this App.',
    );
  }
  const author = {
    name: spec.rollback?.author?.name ?? 'Pawl',
    email: spec.rollback?.author?.email ?? 'pawl@example.com',
  };
  if (!isPersonPart(author.name) || !isPersonPart(author.email)) {
    invalid(
      'spec.rollback.author holds what git cannot write',
      "Leave out '<', '>', line breaks and outer blanks.",
    );
  }
  const reverts = spec.rollback?.limit?.reverts ?? 3;
  if (!Number.isSafeInteger(reverts) || reverts < 0) {
    invalid('spec.rollback.limit.reverts must be a whole number, 0 or more', '0 means: never revert, hold.');
  }
  const prune = spec.prune ?? true;

  const settings: Settings = {
    namespace: app.metadata.namespace,
    name: app.metadata.name,
    uid: app.metadata.uid ?? '',
    generation: app.metadata.generation ?? 0,
    source: { url, branch, path: path ?? '', secretName },
    schedule,
    defaultNamespace,
    serviceAccountName,
    dependsOn: resolveDependsOn(
      spec.dependsOn ?? [],
      { namespace: app.metadata.namespace, name: app.metadata.name },
      invalid,
    ),
    prune,
    drift: spec.drift ?? 'Correct',
    deletion: spec.deletion ?? 'Orphan',
    health: {
      timeoutMs: duration('spec.health.timeout', spec.health?.timeout, '5m', 1),
      soakMs: duration('spec.health.soak', spec.health?.soak, '0s', 0),
      thresholds: thresholds(spec.health?.thresholds ?? {}, duration, invalid),
      kinds: kindRules(spec.health?.kinds ?? [], invalid),
      checks: resolveChecks(spec.health?.checks ?? [], defaultNamespace, duration, invalid),
    },
    rollback: {
      mode: spec.rollback?.mode === 'Hold' ? 'Hold' : 'Revert',
      limit: { reverts, perMs: duration('spec.rollback.limit.per', spec.rollback?.limit?.per, '1h', 1) },
      author,
    },
    suspend: spec.suspend ?? false,
    specHash: hash(
      'sha256',
      JSON.stringify([url, branch, path, defaultNamespace, serviceAccountName, prune]),
    ),
  };
  return refused.length === 0 ? { ok: settings } : { refused };
}

/** Fields of the design that this version has not got. Empty values and those it acts on are fine. */
function unsupported(spec: Partial<AppSpec>): SpecRefusal[] {
  const asked: [field: string, asks: boolean, instead: string][] = [
    ['spec.source.verify', !isEmpty(spec.source?.verify), 'Remove it.'],
    ['spec.rollback.mode PullRequest', spec.rollback?.mode === 'PullRequest', 'Use Revert or Hold.'],
    ['spec.rollback.scope Commit', spec.rollback?.scope === 'Commit', 'Use App.'],
    ['spec.rollback.shared Hold', spec.rollback?.shared === 'Hold', 'Use Revert.'],
    ['spec.rollback.whileUnmerged Restore', spec.rollback?.whileUnmerged === 'Restore', 'Use Hold.'],
    ['spec.rollback.signingKeyRef', !isEmpty(spec.rollback?.signingKeyRef), 'Remove it.'],
  ];
  return asked
    .filter(([, asks]) => asks)
    .map(([field, , hint]) => ({
      reason: 'NotSupported',
      message: `${field} is not supported by this version of Pawl`,
      hint,
    }));
}

function isEmpty(value: object | undefined): boolean {
  return value === undefined || value === null || Object.keys(value).length === 0;
}

function isSchedule(text: string): boolean {
  try {
    return text.length <= 256 && /^\S+(?:\s+\S+){4,5}$/.test(text.trim()) && isCron(text.trim());
  } catch {
    return false;
  }
}

/** git's commit format has no way to write these. */
function isPersonPart(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
  return text !== '' && text.length <= 200 && text.trim() === text && !/[<>\u0000-\u001f\u007f]/.test(text);
}

function thresholds(
  given: Record<string, { after?: string; count?: number }>,
  duration: (field: string, text: string | undefined, fallback: string, leastMs: number) => number,
  invalid: Invalid,
): Record<SignalName, Threshold> {
  const merged: Record<SignalName, Threshold> = { ...SIGNALS };
  for (const [name, threshold] of Object.entries(given)) {
    const { after, count } = threshold ?? {};
    if (!Object.hasOwn(SIGNALS, name)) {
      invalid(
        `spec.health.thresholds has an unknown signal ${JSON.stringify(name.slice(0, 60))}`,
        `Known are ${Object.keys(SIGNALS).join(', ')}.`,
      );
      continue;
    }
    const field = `spec.health.thresholds.${name}`;
    const signal = name as SignalName;
    if (typeof count === 'number' && (!Number.isSafeInteger(count) || count < 1)) {
      invalid(`${field}.count must be a whole number, 1 or more`, 'Leave it out for the default.');
    }
    merged[signal] = {
      afterMs:
        (after ?? undefined) === undefined
          ? SIGNALS[signal].afterMs
          : duration(`${field}.after`, after, '0', 0),
      count: count ?? SIGNALS[signal].count,
    };
  }
  return merged;
}

/**
 * What `status.healthy.source` holds: a healthy revision is a way back only while these four are the same.
 * Readable, and without credentials, as resolveApp lets none into a URL. Only the last part may hold a blank.
 */
export function sourceKey(settings: Pick<Settings, 'source' | 'defaultNamespace'>): string {
  const { url, branch, path } = settings.source;
  return `${url} ${branch} ${settings.defaultNamespace} ${path}`;
}

/** The id of an App's objects, as KEP-3659 makes it of the parent's name, namespace, kind and group. */
export function applySetId(app: { metadata: { name: string; namespace: string } }): string {
  const parent = `${app.metadata.name}.${app.metadata.namespace}.${APP_KIND}.${GROUP}`;
  return `applyset-${hash('sha256', parent, 'base64url')}-v1`;
}
