// Which objects an App renders at a commit, kept for all Apps of the process: a prune asks that of every App of the
// branch, and with many Apps each would render all the others. An App's own render is noted here, too, so that only
// those are rendered for it that have not come to the commit themselves, and of them only those that it changed.

import { LRUCache } from 'lru-cache';

/** Undefined: it cannot be rendered, so that nobody knows. */
export type Keys = ReadonlySet<string> | undefined;

const KEPT_COMMITS = 10_000;
const KEPT_KEYS = 1_000_000;

export class RenderedKeys {
  /** App, spec and commit → content. */
  readonly #contents = new LRUCache<string, string>({ max: KEPT_COMMITS });
  /** Content and spec → keys. */
  readonly #keys = new LRUCache<string, { keys: Keys }>({
    maxSize: KEPT_KEYS,
    sizeCalculation: ({ keys }) => 1 + (keys?.size ?? 0),
  });

  /** `content`: what the render is made of, files and spec. */
  note(content: string, keys: Keys): void {
    this.#keys.set(content, { keys });
  }

  /** Asks for the content, and for the keys of a content, only where that is not known yet. */
  async at(
    appAndCommit: string,
    contentOf: () => Promise<string>,
    render: () => Promise<Keys>,
  ): Promise<Keys> {
    let content = this.#contents.get(appAndCommit);
    if (content === undefined) {
      content = await contentOf();
      this.#contents.set(appAndCommit, content);
    }
    const kept = this.#keys.get(content);
    return kept === undefined ? render() : kept.keys;
  }
}
