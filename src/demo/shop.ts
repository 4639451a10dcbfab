// The shop's repository, and which versions of it the stories release. The manifests are those of fixtures/shop,
// with another image or banner.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Images {
  first: string;
  next: string;
  /** What somebody tries by hand. */
  byHand: string;
  bad: string;
  /** Why `bad` is bad, as the end of a sentence. */
  badBecause: string;
}

/** The simulated nodes play a crash for this tag (sandbox/stages/plays.ts). */
export const simulatedImages: Images = {
  first: 'registry.example.com/shop/web:1.17',
  next: 'registry.example.com/shop/web:1.18',
  byHand: 'registry.example.com/shop/web:1.18-debug',
  bad: 'registry.example.com/shop/web:1.19-crash',
  badBecause: 'it exits as soon as it starts',
};

/** For real nodes: an image that nearly every node has, from a registry that every node reaches. */
export const realImages: Images = {
  first: 'registry.k8s.io/pause:3.9',
  next: 'registry.k8s.io/pause:3.10',
  byHand: 'registry.k8s.io/pause:3.8',
  bad: 'registry.k8s.io/pause:3.11-notfound',
  badBecause: 'there is no such image in the registry',
};

export const banners = { first: 'Welcome to the shop', next: 'Summer sale: everything 20 % off' };

export const paths = { web: 'deploy/web.yaml', config: 'deploy/config.yaml', readme: 'README.md' };

/** Of fixtures/shop/deploy/web.yaml. */
export const replicas = 3;

export interface Shop {
  web(image: string): string;
  config(banner: string): string;
  readme: string;
}

/** `root`: the checkout. */
export function openShop(root: string): Shop {
  const read = (path: string) => readFileSync(join(root, 'fixtures', 'shop', path), 'utf8');
  const [web, config] = [read(paths.web), read(paths.config)];
  return {
    web: (image) => withLine(web, /^( *)image: .*$/m, `image: ${image}`),
    config: (banner) => withLine(config, /^( *)banner: .*$/m, `banner: ${JSON.stringify(banner)}`),
    readme: read(paths.readme),
  };
}

function withLine(text: string, line: RegExp, content: string): string {
  if (!line.test(text)) throw new Error(`the shop's manifest has no line like ${String(line)}`);
  return text.replace(line, (_, indent: string) => indent + content);
}
