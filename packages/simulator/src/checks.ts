// What must hold in every simulated run, looked at after every event of a peer: chunks held are the content's, told
// once, only complete peers are called complete, and no honest peer is struck for what it sent.

import { bytesEqual, type PeerId } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import type { SimContent } from './content.ts';
import type { SimPeer } from './sim-peer.ts';

const problemsMax = 20; // the first ones tell the story

export class Checks {
  readonly #content: SimContent;
  readonly #liars = new Set<PeerId>();
  readonly #held = new Map<SimPeer, Set<number>>();
  readonly problems: string[] = [];

  constructor(content: SimContent) {
    this.#content = content;
  }

  add(peer: SimPeer): void {
    this.#held.set(peer, new Set());
    if (!peer.isHonest) this.#liars.add(peer.seat.peer);
  }

  /** Somebody who may be struck for anything. */
  addStranger(peer: PeerId): void {
    this.#liars.add(peer);
  }

  handleEvent(peer: SimPeer, event: SessionEvent): void {
    if (event.type === 'chunkHeld') this.#checkHeld(peer, event.chunk);
    else if (event.type === 'storeReady') this.#forgetLost(peer);
    else if (event.type === 'readFailed') this.#held.get(peer)!.delete(event.chunk); // it may come again
    else if (event.type === 'completed') this.#checkComplete(peer);
    else if (event.type === 'remoteStruck' && !this.#liars.has(event.peer))
      this.#complain(peer, `struck the honest ${event.peer.slice(0, 8)} for ${event.offence}`);
    else if (event.type === 'failed') this.#complain(peer, `failed with ${event.code}`);
  }

  #checkHeld(peer: SimPeer, chunk: number): void {
    const told = this.#held.get(peer)!;
    if (told.has(chunk)) this.#complain(peer, `chunk ${chunk} was held twice`);
    told.add(chunk);
    if (!this.#isContent(peer, chunk)) this.#complain(peer, `chunk ${chunk} is held and is not the content's`);
  }

  /** A peer that starts again looks at its disk: what went bad there meanwhile may come again. */
  #forgetLost(peer: SimPeer): void {
    const told = this.#held.get(peer)!;
    for (const chunk of told) if (!this.#isContent(peer, chunk)) told.delete(chunk);
  }

  /** A chunk that goes bad while the peer hears that it is complete was there when its disk said so. */
  #checkComplete(peer: SimPeer): void {
    const told = this.#held.get(peer)!;
    for (let chunk = 0; chunk < this.#content.document.layout.chunkCount; chunk += 1)
      if (!told.has(chunk) && !this.#isContent(peer, chunk))
        return this.#complain(peer, `complete without chunk ${chunk}`);
  }

  #isContent(peer: SimPeer, chunk: number): boolean {
    const { layout } = this.#content.document;
    const start = layout.chunkStart(chunk);
    const right = this.#content.bytes.subarray(start, start + layout.sizeOfChunk(chunk));
    const held = peer.store?.readNow(chunk);
    if (held === undefined) return false;
    // A view of the content itself needs no comparing byte by byte.
    const isView = held.buffer === right.buffer && held.byteOffset === right.byteOffset;
    return isView ? held.length === right.length : bytesEqual(held, right);
  }

  #complain(peer: SimPeer, what: string): void {
    if (this.problems.length < problemsMax) this.problems.push(`node ${peer.seat.node}: ${what}`);
  }
}
