// Chunks that were stored, gathered for a moment before they are announced: at full speed a message for each chunk and
// remote would cost more than the chunks.

import { after, type Instant, NEVER } from '@shoal/machine';
import { chunksPerMessageMax, type PeerMessage, type SwarmId } from '@shoal/wire';

const delayMs = 5; // 200 messages a second at most for each remote

export class News {
  readonly #tell: (chunks: readonly number[], now: Instant) => void;
  #chunks: number[] = [];
  #toldAt: Instant | undefined;
  #at: Instant = NEVER;

  constructor(tell: (chunks: readonly number[], now: Instant) => void) {
    this.#tell = tell;
  }

  /** Told at once after a silence, and when it is the `last`. */
  add(chunk: number, last: boolean, now: Instant): void {
    this.#chunks.push(chunk);
    if (last || this.#toldAt === undefined || now - this.#toldAt >= delayMs) this.#flush(now);
    else this.#at = after(this.#toldAt, delayMs);
  }

  nextTimeout(): Instant {
    return this.#at;
  }

  handleTimeout(now: Instant): void {
    if (now >= this.#at) this.#flush(now);
  }

  #flush(now: Instant): void {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#at = NEVER;
    this.#toldAt = now;
    this.#tell(chunks, now);
  }
}

/** As messages, which hold so many chunks at most. */
export function chunkMessages(type: 'have' | 'lost', swarm: SwarmId, chunks: readonly number[]): PeerMessage[] {
  const messages: PeerMessage[] = [];
  for (let from = 0; from < chunks.length; from += chunksPerMessageMax)
    messages.push({ type, swarm, chunks: chunks.slice(from, from + chunksPerMessageMax) });
  return messages;
}
