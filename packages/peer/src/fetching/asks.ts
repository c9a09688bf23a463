// The chunk requests without an answer, found by their number, their chunk and their remote.

import type { AskId, Instant } from '@shoal/machine';
import type { Remote } from '../remote.ts';

export interface Asked {
  readonly ask: AskId;
  readonly remote: Remote;
  readonly chunk: number;
  /** Size of the chunk. */
  readonly bytes: number;
  readonly at: Instant;
  /** How much of it has arrived, as far as told. */
  arrivedBytes: number;
  /** Its remote is silent: the chunk may be asked for elsewhere, though the answer would still be welcome. */
  givenUp: boolean;
}

export class Asks {
  readonly #byAsk = new Map<AskId, Asked>();
  readonly #byChunk = new Map<number, Asked[]>();
  readonly #byRemote = new Map<Remote, Set<Asked>>();

  get size(): number {
    return this.#byAsk.size;
  }

  [Symbol.iterator](): Iterator<Asked> {
    return this.#byAsk.values();
  }

  get(ask: AskId): Asked | undefined {
    return this.#byAsk.get(ask);
  }

  ofChunk(chunk: number): readonly Asked[] {
    return this.#byChunk.get(chunk) ?? [];
  }

  /** A copy: the table may change while it is walked. */
  ofRemote(remote: Remote): Asked[] {
    return [...(this.#byRemote.get(remote) ?? [])];
  }

  add(asked: Asked): void {
    this.#byAsk.set(asked.ask, asked);
    this.#byChunk.set(asked.chunk, [...this.ofChunk(asked.chunk), asked]);
    const ofRemote = this.#byRemote.get(asked.remote);
    if (ofRemote === undefined) this.#byRemote.set(asked.remote, new Set([asked]));
    else ofRemote.add(asked);
  }

  remove(asked: Asked): void {
    this.#byAsk.delete(asked.ask);
    const rest = this.ofChunk(asked.chunk).filter((other) => other !== asked);
    if (rest.length === 0) this.#byChunk.delete(asked.chunk);
    else this.#byChunk.set(asked.chunk, rest);
    const ofRemote = this.#byRemote.get(asked.remote);
    ofRemote?.delete(asked);
    if (ofRemote?.size === 0) this.#byRemote.delete(asked.remote);
  }
}
