// Finds where content-defined chunks end: FastCDC as published in 2020 ("The Design of Fast Content-Defined Chunking for
// Data Deduplication Based Storage Systems"), normalised; the cuts of `v2020` in the `fastcdc` crate. Each cut depends
// only on where its chunk begins and on the bytes from there, so two cuttings that share one cut share all that follow.

import type { ContentDefinedChunking } from '../chunking.ts';
import { gearTable, masksFor } from './gear.ts';
import { gearProgram, tableBytes } from './gear-program.ts';
import { type CompiledModule, webAssembly } from '../web-assembly/web-assembly.ts';

type Cut = (at: number, normal: number, end: number, strict: bigint, loose: bigint) => number;

const pageBytes = 65_536;

/** Compiled once; the module has less than 1 KiB, so this may be done at once even where that is allowed for small ones only. */
let compiled: { readonly table: BigUint64Array; readonly module: CompiledModule } | undefined;

export class FastCdc {
  /** Bytes to cut are put here: it is the WebAssembly module's own memory, so nothing is copied. */
  readonly buffer: Uint8Array;
  readonly #sizes: ContentDefinedChunking;
  readonly #masks: { readonly strict: bigint; readonly loose: bigint };
  readonly #cut: Cut;

  constructor(sizes: ContentDefinedChunking, bufferBytes: number) {
    compiled ??= { table: gearTable(), module: new webAssembly.Module(gearProgram()) };
    const memory = new webAssembly.Memory({ initial: Math.ceil((tableBytes + bufferBytes) / pageBytes) });
    new BigUint64Array(memory.buffer).set(compiled.table);
    this.buffer = new Uint8Array(memory.buffer, tableBytes, bufferBytes);
    this.#cut = new webAssembly.Instance(compiled.module, { host: { memory } }).exports.cut as Cut;
    this.#sizes = sizes;
    this.#masks = masksFor(sizes.averageBytes);
  }

  /**
   * Where the chunk that begins at `start` of the buffer ends. The bytes up to `end` must be there: as many as the
   * largest chunk has, or all that are left.
   */
  cut(start: number, end: number): number {
    const { minBytes, averageBytes, maxBytes } = this.#sizes;
    const bytes = Math.min(end - start, maxBytes);
    if (bytes <= minBytes) return start + bytes;
    // The published code goes in steps of two bytes: it begins at an even one, and never looks at an odd last one.
    const addressOf = (offset: number): number => tableBytes + start + offset - (offset % 2);
    const least = addressOf(Math.max(2, minBytes));
    const last = addressOf(bytes);
    const normal = Math.min(addressOf(averageBytes), last);
    const found = this.#cut(least, normal, last, this.#masks.strict, this.#masks.loose);
    return found === last ? start + bytes : found - tableBytes;
  }
}
