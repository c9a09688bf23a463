// What happened in a run, as one short number: two runs with the same hash did the same things in the same order.
// FNV-1a with 64 bits in two lanes; it guards against accidents, not against an adversary. Facts are put in words only
// for somebody who listens: in a large swarm the words would cost more than what they describe.

import type { Instant, LinkFact } from '@shoal/machine';
import { decode } from '@shoal/wire';

const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);

export class Trace {
  #low = 0x811c9dc5;
  #high = 0x84222325;
  #length = 0;
  readonly #listen: ((line: string) => void) | undefined;

  /** `listen` sees every line, for a look into a failing run. */
  constructor(listen?: (line: string) => void) {
    this.#listen = listen;
  }

  /** How many lines so far. */
  get length(): number {
    return this.#length;
  }

  /** A node was told a fact. */
  fact(at: Instant, node: number, fact: LinkFact): void {
    this.#begin(at, node, fact.type);
    this.#mix('link' in fact ? fact.link : fact.dial);
    if ('message' in fact) this.#mix(fact.message.length);
    else if ('head' in fact) this.#mix(fact.body.length);
    else if ('code' in fact) this.#mixText(fact.code);
    this.#listen?.(`${at} ${node} ${summaryOf(fact)}`);
  }

  /** Something else happened to a node. */
  note(at: Instant, node: number, what: string): void {
    this.#begin(at, node, what);
    this.#listen?.(`${at} ${node} ${what}`);
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#high, this.#low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #begin(at: Instant, node: number, what: string): void {
    this.#length += 1;
    float[0] = at;
    this.#mix(halves[0]!);
    this.#mix(halves[1]!);
    this.#mix(node);
    this.#mixText(what);
  }

  #mixText(text: string): void {
    for (let i = 0; i < text.length; i += 1) this.#mix(text.charCodeAt(i));
    this.#mix(text.length);
  }

  #mix(code: number): void {
    this.#low = Math.imul(this.#low ^ code, 0x01000193);
    this.#high = Math.imul(this.#high ^ code ^ (this.#low >>> 15), 0x85ebca6b);
  }
}

/** A line's worth of a fact: the kinds of messages, the sizes of bodies, the reasons of failures. */
function summaryOf(fact: LinkFact): string {
  const of = 'link' in fact ? fact.link : fact.dial;
  const detail =
    'message' in fact
      ? `${kindOf(fact.message)} ${fact.message.length}`
      : 'head' in fact
        ? `${kindOf(fact.head)} ${fact.body.length}`
        : 'code' in fact
          ? fact.code
          : '';
  return `${fact.type} ${of} ${detail}`;
}

function kindOf(message: Uint8Array): string {
  const decoded = decode(message);
  return decoded.ok ? decoded.message.type : decoded.reason;
}
