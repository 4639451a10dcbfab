// The events of a YAML parser → plain JSON values, with Kubernetes' meaning (scalar.ts), one pass.
//
// 1. What tools disagree on (duplicate keys, a merge over a key that was given before it, tags) is an error.
// 2. Every node counts against the budget, and so does every node that an alias stands for.

import { EVENT_ID, SCALAR_STYLE, getScalarValue } from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';
import { quoted } from './problem.ts';
import { isExactInteger, keyOfScalar, readScalar } from './scalar.ts';
import type { Scalar } from './scalar.ts';

/** Counted down over all files of a render. */
export interface NodeBudget {
  left: number;
}

const CHARACTERS_PER_NODE = 32;

type Mapping = Record<string, unknown>;
interface Node {
  value: unknown;
  /** Nodes it stands for, aliases written out; long texts count for more. */
  size: number;
  /** Set for scalars, which alone can be keys. */
  scalar?: Scalar;
}

/** Thrown by Composer alone, with the offset in the text; yaml.ts makes a result of it. */
export class InvalidNode extends Error {
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

export class Composer {
  private at = 0;
  private readonly text: string;
  private readonly events: readonly Event[];
  private readonly budget: NodeBudget;
  private anchors = new Map<string, Node | 'open'>();
  private lastPosition = 0;

  constructor(text: string, events: readonly Event[], budget: NodeBudget) {
    this.text = text;
    this.events = events;
    this.budget = budget;
  }

  more(): boolean {
    return this.at < this.events.length;
  }

  document(): { value: unknown; position: number } {
    const start = this.next();
    if (start.type === EVENT_ID.DOCUMENT && start.directives.some((directive) => directive.kind === 'tag')) {
      throw new InvalidNode('%TAG directives are not supported', this.lastPosition);
    }
    this.anchors = new Map();
    const content = this.events[this.at];
    const empty =
      content === undefined || content.type === EVENT_ID.POP || (isScalar(content) && isNothing(content));
    const position = content === undefined ? this.lastPosition : this.positionOf(content);
    const value = content?.type === EVENT_ID.POP ? undefined : this.node().value;
    this.next();
    return { value: empty ? undefined : value, position };
  }

  private next(): Event {
    const event = this.events[this.at];
    if (event === undefined) throw new InvalidNode('not YAML: it ends too early', this.lastPosition);
    this.at += 1;
    this.lastPosition = this.positionOf(event);
    return event;
  }

  private positionOf(event: Event): number {
    if ('tagStart' in event && event.tagStart >= 0) return event.tagStart;
    if ('anchorStart' in event && event.anchorStart >= 0) return event.anchorStart;
    if ('valueStart' in event && event.valueStart >= 0) return event.valueStart;
    return 'start' in event ? event.start : this.lastPosition;
  }

  private spend(nodes: number): void {
    this.budget.left -= nodes;
    if (this.budget.left < 0) throw new InvalidNode('too many nodes, aliases written out', this.lastPosition);
  }

  private node(): Node {
    const event = this.next();
    const position = this.lastPosition;
    if (event.type === EVENT_ID.ALIAS) return this.alias(event.anchorStart, event.anchorEnd, position);
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) {
      throw new InvalidNode('not YAML: something is missing', position);
    }
    const anchor = event.anchorStart >= 0 ? this.text.slice(event.anchorStart, event.anchorEnd) : undefined;
    if (anchor !== undefined) this.anchors.set(anchor, 'open');
    const tag = event.tagStart >= 0 ? this.tag(event.tagStart, event.tagEnd) : '';
    this.spend(1);
    let node: Node;
    if (event.type === EVENT_ID.SCALAR) node = this.scalar(event, tag, position);
    else if (event.type === EVENT_ID.MAPPING) node = this.mapping(tag, position);
    else node = this.sequence(tag, position);
    if (anchor !== undefined) this.anchors.set(anchor, node);
    return node;
  }

  private alias(start: number, end: number, position: number): Node {
    const found = this.anchors.get(this.text.slice(start, end));
    if (found === undefined)
      throw new InvalidNode('an alias (*) names no anchor (&) of this document', position);
    if (found === 'open') throw new InvalidNode('an alias (*) lies inside what it stands for', position);
    this.spend(found.size);
    return found;
  }

  /** `!!str` and the other plain types; nothing else means anything in JSON. Never quoted: it may be a text. */
  private tag(start: number, end: number): string {
    const written = this.text.slice(start, end);
    const name = written === '!' ? 'str' : /^(?:!!|!<tag:yaml\.org,2002:)([a-z]+)>?$/.exec(written)?.[1];
    if (name !== undefined && ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].includes(name))
      return name;
    throw new InvalidNode('a tag (!) that JSON has no type for: quote the value if it is a text', start);
  }

  private scalar(event: ScalarEvent, tag: string, position: number): Node {
    const text = getScalarValue(this.text, event);
    if (!text.isWellFormed()) throw new InvalidNode('half a character (a lone surrogate)', position);
    const plain = tag === '' && event.style === SCALAR_STYLE.PLAIN;
    const scalar: Scalar =
      plain || (tag !== '' && tag !== 'str') ? readScalar(text) : { type: 'string', value: text };
    if (scalar.type === 'error') throw new InvalidNode(scalar.message, position);
    if (tag !== '' && tag !== 'str' && tag !== scalar.type && !(tag === 'float' && scalar.type === 'int')) {
      throw new InvalidNode(`the value is not what its tag !!${tag} says`, position);
    }
    // Long texts count by their length, or aliases of one would grow without bound.
    const size = 1 + Math.floor(text.length / CHARACTERS_PER_NODE);
    this.spend(size - 1);
    return { value: scalar.value, size, scalar };
  }

  private sequence(tag: string, position: number): Node {
    if (tag !== '' && tag !== 'seq')
      throw new InvalidNode(`a list is not what its tag !!${tag} says`, position);
    const value: unknown[] = [];
    let size = 1;
    while (this.events[this.at]?.type !== EVENT_ID.POP) {
      const item = this.node();
      value.push(item.value);
      size += item.size;
    }
    this.next();
    return { value, size };
  }

  private mapping(tag: string, position: number): Node {
    if (tag !== '' && tag !== 'map')
      throw new InvalidNode(`a mapping is not what its tag !!${tag} says`, position);
    const value: Mapping = {};
    const merged = new Set<string>();
    let size = 1;
    while (this.events[this.at]?.type !== EVENT_ID.POP) {
      const keyEvent = this.events[this.at];
      const merges = keyEvent !== undefined && isScalar(keyEvent) && this.isMerge(keyEvent);
      const keyNode = this.node();
      const keyPosition = this.lastPosition;
      const item = this.node();
      if (merges) {
        this.merge(value, merged, item, keyPosition);
        size += item.size;
        continue;
      }
      const key = this.key(keyNode, keyPosition);
      if (Object.hasOwn(value, key) && !merged.delete(key)) {
        throw new InvalidNode(`the key ${quoted(key)} is there twice`, keyPosition);
      }
      put(value, key, item.value);
      size += 1 + item.size;
    }
    this.next();
    return { value, size };
  }

  private isMerge(event: ScalarEvent): boolean {
    return (
      event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0 && getScalarValue(this.text, event) === '<<'
    );
  }

  private key(node: Node, position: number): string {
    if (node.scalar === undefined)
      throw new InvalidNode('a key must be a text, not a mapping or a list', position);
    const key = keyOfScalar(node.scalar);
    if (key === undefined)
      throw new InvalidNode('a key that is null, or a number without one spelling: quote it', position);
    return key;
  }

  /** Keys of the mapping itself win. Where one was given before the merge, kubectl lets the merge win. */
  private merge(into: Mapping, merged: Set<string>, source: Node, position: number): void {
    const sources: unknown[] = Array.isArray(source.value) ? source.value : [source.value];
    const earlier = new Set(Object.keys(into));
    for (const each of sources) {
      if (!isMapping(each)) throw new InvalidNode('a merge (<<) takes mappings only', position);
      this.spend(Object.keys(each).length);
      for (const [key, value] of Object.entries(each)) {
        if (earlier.has(key)) {
          throw new InvalidNode(
            `the merge (<<) and a line before it both give ${quoted(key)}: put the merge first`,
            position,
          );
        }
        if (Object.hasOwn(into, key)) continue;
        put(into, key, value);
        merged.add(key);
      }
    }
  }
}

function isScalar(event: Event): event is ScalarEvent {
  return event.type === EVENT_ID.SCALAR;
}

function isNothing(event: ScalarEvent): boolean {
  return event.valueStart < 0 && event.tagStart < 0;
}

export function isMapping(value: unknown): value is Mapping {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !isExactInteger(value);
}

function put(into: Mapping, key: string, value: unknown): void {
  Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
}
