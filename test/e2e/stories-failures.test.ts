// S7: a release that fails ends as a commit on the branch, with the evidence in its message, and a cluster that is
// healthy at that commit. What is the surroundings' fault reverts nothing.
import { expect, test } from 'vitest';
import { isStalled } from '../../src/record/conditions.ts';
import { inShop, webYaml } from '../support/shop.ts';
import {
  endedAs,
  git,
  imageOf,
  looks,
  messageOf,
  readyOf,
  revertsOf,
  statusWhere,
} from '../support/world.ts';

const image = (tag: string) => `registry.example.com/shop/web:${tag}`;

const failures = [
  {
    name: 'an image that is not there',
    tag: '1.18-notfound',
    reason: /^(ErrImagePull|ImagePullBackOff)$/,
    evidence: /^\S+\/Deployment\/web: (ErrImagePull|ImagePullBackOff), image not found$/m,
  },
  {
    name: 'a container that crashes again and again',
    tag: '1.18-crash',
    reason: /^CrashLoopBackOff$/,
    evidence: /^\S+\/Deployment\/web: CrashLoopBackOff, exit code 1, \d+ restarts/m,
  },
  {
    name: 'a configuration that is not there',
    tag: '1.18-noconfig',
    reason: /^CreateContainerConfigError$/,
    evidence: /^\S+\/Deployment\/web: CreateContainerConfigError/m,
  },
  {
    name: 'a container that takes too much memory',
    tag: '1.18-oom',
    reason: /^OOMKilled$/,
    evidence: /^\S+\/Deployment\/web: OOMKilled, exit code 137/m,
  },
  {
    name: 'a pod that never becomes ready',
    tag: '1.18-neverready',
    spec: { health: { timeout: '6s' } },
    reason: /^TimedOut$/,
    evidence: /^\S+\/Deployment\/web: TimedOut after 6 s/m,
  },
  {
    name: "a rollout that runs over the Deployment's own deadline",
    tag: '1.18-neverready',
    deadlineSeconds: 1,
    reason: /^ProgressDeadlineExceeded$/,
    evidence: /^\S+\/Deployment\/web: ProgressDeadlineExceeded/m,
  },
];

for (const { name, tag, spec, deadlineSeconds, reason, evidence } of failures) {
  test(
    `${name} is reverted in git with the evidence, and the cluster is healthy at the revert (S7)`,
    inShop({ spec }, async (shop) => {
      await shop.agent();
      await shop.healthyAt(shop.first);
      const bad = await shop.person.publish('web 1.18', {
        'deploy/web.yaml': webYaml({ image: image(tag), deadlineSeconds }),
      });
      const revert = await shop.revertOf(bad);
      const status = await shop.healthyAt(revert);

      const message = await messageOf(shop, revert);
      expect(message.split('\n')[0]).toBe('Revert "web 1.18"');
      expect(message).toContain(`This reverts commit ${bad}.`);
      expect(message).toMatch(evidence);
      expect(message).toContain(`Pawl-App: test/${shop.namespace}/shop`);
      expect(message).toContain(`Pawl-Restores: ${shop.first}`);
      expect(await git(shop, 'rev-parse', `${revert}^{tree}`)).toBe(
        await git(shop, 'rev-parse', `${shop.first}^{tree}`),
      );
      expect(await revertsOf(shop, bad)).toEqual([revert]);
      expect(status.history?.find((entry) => entry.commit === bad)).toMatchObject({
        outcome: 'Reverted',
        reason: expect.stringMatching(reason),
        revertedBy: revert,
      });
      expect(imageOf(await shop.deployment())).toBe(image('1.17'));
    }),
  );
}

test(
  'a registry that does not answer reverts nothing, and the release goes on with the next commit (S7)',
  inShop({ spec: { health: { thresholds: { ImagePull: { after: '1s', count: 1 } } } } }, async (shop) => {
    await shop.agent();
    await shop.healthyAt(shop.first);
    const unlucky = await shop.person.publish('web 1.18', {
      'deploy/web.yaml': webYaml({ image: image('1.18-registrydown') }),
    });
    const entry = await endedAs(shop, unlucky, 'Unknown');
    expect(entry.reason).toMatch(/^(ErrImagePull|ImagePullBackOff)\b.*registry trouble/);
    const stalled = await statusWhere(shop, 'the App to say so', (status) => isStalled(status));
    expect(readyOf(stalled)?.message).toContain('registry trouble');
    expect(stalled.healthy?.commit).toBe(shop.first);
    await looks(shop);
    expect(await shop.head()).toBe(unlucky);

    const fix = await shop.person.publish('web 1.19', {
      'deploy/web.yaml': webYaml({ image: image('1.19') }),
    });
    const status = await shop.healthyAt(fix);
    expect(await git(shop, 'log', '--format=%H', 'main')).toBe([fix, unlucky, shop.first].join('\n'));
    expect(status.history?.find(({ commit }) => commit === unlucky)?.outcome).not.toBe('Reverted');
    expect(imageOf(await shop.deployment())).toBe(image('1.19'));
  }),
);
