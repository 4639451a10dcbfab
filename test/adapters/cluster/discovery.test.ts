import { describe, expect, test } from 'vitest';
import { indexOf, makeDiscovery } from '../../../src/adapters/cluster/discovery.ts';
import type { Clock } from '../../../src/ports.ts';

const resource = (name: string, kind: string, scope = 'Namespaced') => ({
  resource: name,
  scope,
  responseKind: { kind },
});
const groups = {
  items: [
    {
      metadata: { name: 'autoscaling' },
      versions: [
        {
          version: 'v2',
          freshness: 'Current',
          resources: [resource('horizontalpodautoscalers', 'HorizontalPodAutoscaler')],
        },
        {
          version: 'v1',
          freshness: 'Current',
          resources: [resource('horizontalpodautoscalers', 'HorizontalPodAutoscaler')],
        },
      ],
    },
    { metadata: { name: 'metrics.k8s.io' }, versions: [{ version: 'v1beta1', freshness: 'Stale' }] },
  ],
};
const core = {
  items: [
    {
      metadata: {},
      versions: [{ version: 'v1', resources: [resource('namespaces', 'Namespace', 'Cluster')] }],
    },
  ],
};

test('both versions are known, and the first one is preferred', () => {
  const index = indexOf([core, groups]);
  expect([...index.types.keys()]).toEqual([
    '/v1/Namespace',
    'autoscaling/v2/HorizontalPodAutoscaler',
    'autoscaling/v1/HorizontalPodAutoscaler',
  ]);
  expect(index.preferred.get('autoscaling/HorizontalPodAutoscaler')?.gvk.version).toBe('v2');
  expect(index.types.get('/v1/Namespace')).toMatchObject({ plural: 'namespaces', namespaced: false });
});

const signal = new AbortController().signal;

function setup() {
  let time = 0;
  const asked: string[] = [];
  const answers = { '/api': core as unknown, '/apis': groups as unknown };
  const clock: Clock = { now: () => time, monotonic: () => time, delay: async () => {} };
  const discovery = makeDiscovery(
    async (path) => {
      asked.push(path);
      const answer = answers[path as '/api' | '/apis'];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    clock,
    signal,
  );
  return { discovery, asked, answers, pass: (ms: number) => (time += ms) };
}

const unknown = { group: 'example.com', version: 'v1', kind: 'Thing' };
const known = { group: '', version: 'v1', kind: 'Namespace' };

test('any number of questions costs two requests', async () => {
  const { discovery, asked } = setup();
  await Promise.all([
    discovery.resource(known, signal),
    discovery.resource(known, signal),
    discovery.preferred('autoscaling', 'HorizontalPodAutoscaler', signal),
  ]);
  await discovery.resource(known, signal);
  expect(asked).toEqual(['/api', '/apis']);
});

test('an unknown kind is looked for again, but not in a loop', async () => {
  const { discovery, asked, answers, pass } = setup();
  for (let n = 0; n < 10; n++) expect(await discovery.resource(unknown, signal)).toBeUndefined();
  expect(asked).toHaveLength(2);
  answers['/apis'] = {
    items: [
      {
        metadata: { name: 'example.com' },
        versions: [{ version: 'v1', resources: [resource('things', 'Thing')] }],
      },
    ],
  };
  pass(3_000);
  expect(await discovery.resource(unknown, signal)).toMatchObject({ plural: 'things' });
  expect(asked).toHaveLength(4);
});

test('refresh makes the next question look at once', async () => {
  const { discovery, asked } = setup();
  await discovery.resource(known, signal);
  discovery.refresh();
  await discovery.resource(known, signal);
  expect(asked).toHaveLength(4);
});

test('a group whose API service does not answer is not taken for one without kinds', async () => {
  const { discovery } = setup();
  const question = discovery.resource(
    { group: 'metrics.k8s.io', version: 'v1beta1', kind: 'PodMetrics' },
    signal,
  );
  await expect(question).rejects.toMatchObject({ status: 503, code: 'ApiGroupUnavailable' });
});

test('a failure is thrown and forgotten', async () => {
  const { discovery, answers } = setup();
  answers['/apis'] = new Error('down');
  await expect(discovery.resource(known, signal)).rejects.toThrow('down');
  answers['/apis'] = groups;
  expect(await discovery.resource(known, signal)).toBeDefined();
});

test('an abort of one who waits is not an abort for the others', async () => {
  const { discovery } = setup();
  const controller = new AbortController();
  const one = discovery.resource(known, controller.signal);
  const other = discovery.resource(known, signal);
  controller.abort(new Error('stop'));
  await expect(one).rejects.toThrow('stop');
  expect(await other).toBeDefined();
});

describe('which kinds a namespace may hold', () => {
  const listed = (name: string, kind: string) => ({ ...resource(name, kind), verbs: ['list'] });
  const group = (name: string, kind: string, freshness = 'Current') => ({
    metadata: { name },
    versions: [{ version: 'v1', freshness, resources: [listed(`${kind.toLowerCase()}s`, kind)] }],
  });
  const kinds = async ({ discovery }: ReturnType<typeof setup>) =>
    (await discovery.namespaced(signal)).map(({ gvk }) => gvk.kind);

  test('is asked anew each time: others may have brought a kind since', async () => {
    const all = setup();
    all.answers['/apis'] = { items: [group('example.com', 'Thing')] };
    expect(await kinds(all)).toEqual(['Thing']);
    all.answers['/apis'] = { items: [group('example.com', 'Thing'), group('other.com', 'Other')] };
    expect(await kinds(all)).toEqual(['Thing', 'Other']);
  });

  test('is asked anew where an older question is still under way', async () => {
    const all = setup();
    all.answers['/apis'] = { items: [group('example.com', 'Thing')] };
    const older = all.discovery.resource(known, signal);
    all.answers['/apis'] = { items: [group('other.com', 'Other')] };
    expect(await kinds(all)).toEqual(['Other']);
    await older;
  });

  test('is not said where the server itself cannot tell all of them', async () => {
    const all = setup();
    all.answers['/apis'] = { items: [group('example.com', 'Thing'), ...groups.items] };
    await expect(kinds(all)).rejects.toMatchObject({ status: 503, code: 'ApiGroupUnavailable' });
  });
});
