// BLAKE3 by vectors in WebAssembly: more than twice as fast as without them. The input is copied into the module's memory
// piece by piece; chunks of 1,024 bytes are hashed four at a time, then the tree above them, level by level.
// (The BLAKE3 paper, sections 2.1 and 5.1.)

import { digestBytes, type Hash } from '../hash.ts';
import { type Memory, webAssembly } from '../web-assembly/web-assembly.ts';
import { type Compress, compressProgram } from './compress-program.ts';

const [chunkStart, chunkEnd, parent, root] = [1, 2, 4, 8]; // flags
const chunkBytes = 1024;
const blockBytes = 64;
/** Copied at once: it stays in the nearest cache until it is hashed. */
const pieceBytes = 16 * chunkBytes;
/** Behind the piece, the values of one level of the tree; the last call of a level writes up to four, needed or not. */
const valuesAt = pieceBytes;
const spareBytes = 4 * digestBytes;
const pageBytes = 65_536;

/** Undefined where the engine has no vectors. */
export async function loadSimdBlake3(): Promise<Hash | undefined> {
  const program = compressProgram();
  if (!webAssembly.validate(program)) return undefined;
  const memory = new webAssembly.Memory({ initial: 1 });
  const { instance } = await webAssembly.instantiate(program, { host: { memory } });
  const body = new SimdBlake3(memory, instance.exports.compress as Compress);
  return { name: 'blake3', digest: (bytes) => body.digest(bytes) };
}

class SimdBlake3 {
  readonly #memory: Memory;
  readonly #compress: Compress;
  /** All of the module's memory. */
  #bytes: Uint8Array;

  constructor(memory: Memory, compress: Compress) {
    this.#memory = memory;
    this.#compress = compress;
    this.#bytes = new Uint8Array(memory.buffer);
  }

  digest(input: Uint8Array): Uint8Array {
    const chunks = Math.max(1, Math.ceil(input.length / chunkBytes));
    this.#makeRoom(valuesAt + chunks * digestBytes + spareBytes);
    for (let at = 0; at === 0 || at < input.length; at += pieceBytes)
      this.#hashPiece(input.subarray(at, at + pieceBytes), at / chunkBytes, chunks === 1 ? root : 0);
    for (let values = chunks; values > 1; values = Math.ceil(values / 2)) this.#joinLevel(values);
    return this.#bytes.slice(valuesAt, valuesAt + digestBytes);
  }

  /** Puts the values of a piece's chunks behind those of the chunks before it. */
  #hashPiece(piece: Uint8Array, firstChunk: number, lastFlags: number): void {
    this.#bytes.set(piece);
    const whole = lastFlags === root ? 0 : Math.floor(piece.length / chunkBytes);
    for (let chunk = 0; chunk < whole; chunk += 4) this.#hashChunks(chunk, firstChunk + chunk, chunkBytes, 0);
    const rest = piece.length - whole * chunkBytes;
    if (rest > 0 || piece.length === 0) this.#hashChunks(whole, firstChunk + whole, rest, lastFlags);
  }

  /** Of four chunks, `bytes` each; if it is the one at the end, the others are nothing that is looked at. */
  #hashChunks(inPiece: number, inInput: number, bytes: number, lastFlags: number): void {
    const start = inPiece * chunkBytes;
    const blocks = Math.max(1, Math.ceil(bytes / blockBytes));
    const lastBytes = bytes - (blocks - 1) * blockBytes;
    if (lastBytes < blockBytes) this.#bytes.fill(0, start + bytes, start + blocks * blockBytes);
    const out = valuesAt + inInput * digestBytes;
    const stride = bytes === chunkBytes ? chunkBytes : 0;
    this.#compress(start, stride, blocks, inInput, 1, chunkStart, 0, chunkEnd | lastFlags, lastBytes, out);
  }

  /** Each two neighbours become their parent; the odd one at the end stays what it is. */
  #joinLevel(values: number): void {
    const pairs = Math.floor(values / 2);
    const odd = this.#bytes.slice(valuesAt + 2 * pairs * digestBytes, valuesAt + values * digestBytes);
    const last = values === 2 ? root : 0;
    for (let pair = 0; pair < pairs; pair += 4) {
      const from = valuesAt + pair * blockBytes;
      this.#compress(from, blockBytes, 1, 0, 0, 0, parent, last, blockBytes, valuesAt + pair * digestBytes);
    }
    this.#bytes.set(odd, valuesAt + pairs * digestBytes);
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    this.#memory.grow(Math.ceil((bytes - this.#bytes.length) / pageBytes));
    this.#bytes = new Uint8Array(this.#memory.buffer);
  }
}
