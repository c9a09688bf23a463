// Which chunks of an unfinished download are on the disk: a file of one bit a chunk, as Bitfield has them. A bit is set
// after the chunk's bytes were handed to the system, so it is true after kill -9; after a loss of power it may not be,
// nor after somebody changed the files, so a reader verifies every chunk before it believes a bit.

import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { Bitfield } from '@shoal/machine';
import type { HeldChunks } from '../chunk-store.ts';
import { errno } from './disk-errors.ts';

export class HaveMap {
  readonly #fd: number;
  readonly #bits: HeldChunks;
  #isClosed = false;

  private constructor(fd: number, bits: HeldChunks) {
    this.#fd = fd;
    this.#bits = bits;
  }

  /** The chunks that a map left behind claims; all of them when it is damaged, none when there is no map. */
  static claims(path: string, chunkCount: number): Bitfield {
    try {
      return Bitfield.fromBytes(readFileSync(path), chunkCount) ?? Bitfield.full(chunkCount);
    } catch (error) {
      if (errno(error) === 'ENOENT') return new Bitfield(chunkCount);
      throw error;
    }
  }

  /** Starts a map at `path` of what `bits` says; it looks at `bits` again whenever it saves. */
  static start(path: string, bits: HeldChunks): HaveMap {
    writeFileSync(path, bits.toBytes());
    return new HaveMap(openSync(path, 'r+'), bits);
  }

  /** Records whether a chunk is held now; its bytes are written before. Nothing is recorded after `close`. */
  save(chunk: number): void {
    if (this.#isClosed) return;
    let byte = 0;
    const first = chunk - (chunk % 8);
    for (let bit = 0; bit < 8; bit += 1)
      if (first + bit < this.#bits.length && this.#bits.has(first + bit)) byte |= 0x80 >> bit;
    writeSync(this.#fd, Uint8Array.of(byte), 0, 1, first / 8);
  }

  close(): void {
    this.#isClosed = true;
    closeSync(this.#fd);
  }
}
