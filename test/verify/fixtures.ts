// Objects as clusters show them, from fixtures/objects. The name of a file states what is to be found in it.

import { readdirSync, readFileSync } from 'node:fs';
import type { KubeObject } from '../../src/model/object.ts';

const FOLDER = new URL('../../fixtures/objects/', import.meta.url);

export interface Fixture<Content> {
  /** What the object shows, in words. */
  name: string;
  /** What is to be found, from the rest of the file's name. */
  want: string[];
  content: Content;
}

export function healthFixtures(): Fixture<KubeObject>[] {
  return fixtures<KubeObject>('health');
}

export function podFixtures(): Fixture<{ pod: KubeObject; events: KubeObject[] }>[] {
  return fixtures<{ pod: KubeObject; events: KubeObject[] }>('pods');
}

export function podFixture(name: string): { pod: KubeObject; events: KubeObject[] } {
  const found = podFixtures().find((fixture) => fixture.name === name);
  if (found === undefined) throw new Error(`no fixture of a pod that is ${name}`);
  return found.content;
}

function fixtures<Content>(folder: string): Fixture<Content>[] {
  const place = new URL(`${folder}/`, FOLDER);
  return readdirSync(place)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => {
      const [name = '', ...want] = file.slice(0, -'.json'.length).split('.');
      const content = JSON.parse(readFileSync(new URL(file, place), 'utf8')) as Content;
      return { name: name.replaceAll('-', ' '), want, content };
    });
}
