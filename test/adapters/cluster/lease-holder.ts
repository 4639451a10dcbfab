// A process of its own that leads while it holds the lease, for tests that pause it: writes its name into a
// ConfigMap every 20 ms, asking first whether the lease holds, and says on its output what happens to it.
import { makeCluster } from '../../../src/adapters/cluster/cluster.ts';
import { connect } from '../../../src/adapters/cluster/connect.ts';
import { holdLease } from '../../../src/adapters/cluster/lease.ts';
import { realClock } from './clock.ts';

const [kubeconfig = '', namespace = '', identity = ''] = process.argv.slice(2);
const ending = new AbortController();
process.once('SIGTERM', () => ending.abort(new Error('SIGTERM')));

const connection = await connect({ kubeconfig, version: '0.0.0-holder' });
let held = () => false;
const cluster = makeCluster(connection, {
  clock: realClock,
  mayWrite: () => {
    if (!held()) throw new Error('not the leader');
  },
});
const api = cluster.as(undefined);
const options = { name: 'leader', namespace, identity, durationMs: 3_000, renewMs: 300 };
await holdLease(options, api, realClock, ending.signal, {
  async onHeld(signal, lease) {
    held = lease.held;
    console.log('held');
    while (!signal.aborted) {
      const ref = { gvk: { group: '', version: 'v1', kind: 'ConfigMap' }, namespace, name: 'board' };
      await api.mergePatch(ref, { data: { leader: identity } }, {}, ending.signal).catch(() => {});
      await realClock.delay(20, signal).catch(() => {});
    }
    console.log(lease.held() ? 'ended' : 'stopped');
  },
  onLost: () => console.log('lost'),
});
cluster.close();
await connection.close();
console.log('done');
