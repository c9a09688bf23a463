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

  /**
   * Records which of the chunks from `first` up to `end` are held now; their bytes are written before. Nothing is recorded
   * after `close`.
   */
  save(first: number, end: number): void {
    if (this.#isClosed) return;
    const firstByte = Math.floor(first / 8);
    const bytes = new Uint8Array(Math.ceil(end / 8) - firstByte);
    for (let chunk = firstByte * 8; chunk < Math.min((firstByte + bytes.length) * 8, this.#bits.length); chunk += 1)
      if (this.#bits.has(chunk)) bytes[Math.floor(chunk / 8) - firstByte]! |= 0x80 >> (chunk % 8);
    writeSync(this.#fd, bytes, 0, bytes.length, firstByte);
  }

  close(): void {
    this.#isClosed = true;
    closeSync(this.#fd);
  }
}
