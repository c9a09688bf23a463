// Somebody who watches what a peer is fetching: from the first chunk on at a steady rate, without a buffer of its own. It
// waits where a chunk is late, and notes for how long.

import { after, type Instant } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import type { SimContent } from './content.ts';
import type { SimPeer } from './sim-peer.ts';
import type { World } from './world.ts';

/** Milliseconds. */
export interface ViewerReport {
  /** From the peer's arrival to the first byte; undefined when none came. */
  readonly firstByteMs: number | undefined;
  /** How often it waited after that, and how long together. */
  readonly stalls: number;
  readonly stalledMs: number;
  /** Whether it saw the end. */
  readonly isDone: boolean;
}

const reader = 1;

export class Viewer {
  readonly #world: World;
  readonly #content: SimContent;
  readonly #peer: SimPeer;
  readonly #bytesPerSecond: number;
  readonly #arrivedAt: Instant;
  /** The chunk that is shown, or waited for. */
  #chunk = 0;
  #waitsSince: Instant | undefined;
  #firstByteMs: number | undefined;
  #stalls = 0;
  #stalledMs = 0;

  /** To be made when the peer starts. */
  constructor(world: World, content: SimContent, peer: SimPeer, bytesPerSecond: number) {
    this.#world = world;
    this.#content = content;
    this.#peer = peer;
    this.#bytesPerSecond = bytesPerSecond;
    this.#arrivedAt = world.now;
    this.#waitsSince = world.now;
  }

  report(): ViewerReport {
    const isDone = this.#chunk === this.#chunkCount;
    const waitedMs = this.#firstByteMs === undefined ? 0 : this.#world.now - (this.#waitsSince ?? this.#world.now);
    return { firstByteMs: this.#firstByteMs, stalls: this.#stalls, stalledMs: this.#stalledMs + waitedMs, isDone };
  }

  handleEvent(event: SessionEvent): void {
    if (event.type === 'storeReady') this.#soon(0, () => this.#look());
    else if (event.type === 'chunkHeld' && event.chunk === this.#chunk && this.#waitsSince !== undefined)
      this.#soon(0, () => this.#show());
  }

  get #chunkCount(): number {
    return this.#content.document.layout.chunkCount;
  }

  /** Comes to the next chunk. */
  #look(): void {
    const isDone = this.#chunk === this.#chunkCount;
    this.#peer.read(reader, isDone ? undefined : { first: this.#chunk, end: this.#chunkCount });
    if (isDone || this.#peer.held?.has(this.#chunk) === true) return this.#show();
    if (this.#firstByteMs !== undefined) this.#stalls += 1;
    this.#waitsSince ??= this.#world.now;
  }

  #show(): void {
    if (this.#chunk === this.#chunkCount) return;
    const { now } = this.#world;
    if (this.#firstByteMs === undefined) this.#firstByteMs = now - this.#arrivedAt;
    else this.#stalledMs += now - (this.#waitsSince ?? now);
    this.#waitsSince = undefined;
    const bytes = this.#content.document.layout.sizeOfChunk(this.#chunk);
    this.#chunk += 1;
    this.#soon((bytes / this.#bytesPerSecond) * 1_000, () => this.#look());
  }

  #soon(ms: number, act: () => void): void {
    this.#world.atNode(this.#peer.seat.node, after(this.#world.now, ms), act);
  }
}
