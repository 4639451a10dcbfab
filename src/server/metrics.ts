// The first metrics, fed from the event stream. Labels hold App names only: nothing that grows with commits.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Emitted } from '../model/events.ts';

export interface Metrics {
  registry: Registry;
  count(event: Emitted): void;
  /** The App is gone: its series too. */
  forget(app: { namespace: string; name: string }): void;
}

export function makeMetrics(): Metrics {
  const registry = new Registry();
  const labelNames = ['namespace', 'app'];
  const releases = new Counter({
    name: 'pawl_releases_total',
    help: 'Releases that ended, by outcome.',
    labelNames: [...labelNames, 'outcome'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'pawl_release_duration_seconds',
    help: 'From the start of a release to its end in the status.',
    labelNames,
    buckets: [1, 2, 5, 10, 30, 60, 120, 300, 600],
    registers: [registry],
  });
  const reverts = new Counter({
    name: 'pawl_reverts_total',
    help: 'Revert commits pushed.',
    labelNames,
    registers: [registry],
  });
  const drift = new Counter({
    name: 'pawl_drift_total',
    help: 'Changes by another hand that were found, whether set back or not.',
    labelNames,
    registers: [registry],
  });
  const problems = new Counter({
    name: 'pawl_problems_total',
    help: 'Problems that kept an App from being followed, by code.',
    labelNames: [...labelNames, 'code'],
    registers: [registry],
  });
  const healthy = new Gauge({
    name: 'pawl_app_healthy',
    help: '1 where the last release that ended was healthy, else 0.',
    labelNames,
    registers: [registry],
  });
  /** Series are removed by all their labels. */
  const seen = { outcomes: new Set<string>(), codes: new Set<string>() };
  return { registry, count, forget };

  function count(event: Emitted): void {
    const labels = { namespace: event.app.namespace, app: event.app.name };
    if (event.type === 'released') {
      seen.outcomes.add(event.outcome);
      releases.inc({ ...labels, outcome: event.outcome });
      duration.observe(labels, event.durationMs / 1000);
      if (event.outcome !== 'Superseded') healthy.set(labels, event.outcome === 'Healthy' ? 1 : 0);
    } else if (event.type === 'reverted') reverts.inc(labels);
    else if (event.type === 'drift') drift.inc(labels);
    else if (event.type === 'problem') {
      seen.codes.add(event.code);
      problems.inc({ ...labels, code: event.code });
    }
  }

  function forget(app: { namespace: string; name: string }): void {
    const labels = { namespace: app.namespace, app: app.name };
    for (const metric of [duration, reverts, drift, healthy]) metric.remove(labels);
    for (const outcome of seen.outcomes) releases.remove({ ...labels, outcome });
    for (const code of seen.codes) problems.remove({ ...labels, code });
  }
}
