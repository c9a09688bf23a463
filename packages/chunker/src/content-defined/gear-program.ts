// The inner loop of FastCDC as a WebAssembly module.
//
//   cut(at, normal, end, strict, loose): for each byte from `at` on, hash = (hash << 1) + table[byte]; answers the address
//   of the first byte whose hash has no bit of the mask, which is `strict` before `normal` and `loose` after it; or `end`.
//
// Memory is imported: the table of 256 × 8 bytes at address 0, then the bytes to cut.

import { type Code, moduleOf } from '../web-assembly/code.ts';

/** The table; the bytes to cut lie behind it. */
export const tableBytes = 2048;

const [i32, i64, none] = [0x7f, 0x7e, 0x40];
const [block, loop, when, end, jump, jumpIf, answer] = [0x02, 0x03, 0x04, 0x0b, 0x0c, 0x0d, 0x0f];
const [getLocal, setLocal, teeLocal] = [0x20, 0x21, 0x22];
const [loadByte, loadLong, constInt, constLong] = [0x2d, 0x29, 0x41, 0x42];
const [above, addInt, shiftInt, isZero, addLong, andLong, shiftLong] = [0x4b, 0x6a, 0x74, 0x50, 0x7c, 0x83, 0x86];
const [byteAligned, longAligned] = [0, 3];

/** The parameters, and one variable. */
const [at, normal, last, strict, loose, hash] = [0, 1, 2, 3, 4, 5];

/** Bytes for each round of the inner loop: more than 8 gained nothing. */
const unrolled = 8;

export const gearProgram = (): Uint8Array<ArrayBuffer> =>
  moduleOf({
    name: 'cut',
    parameters: [i32, i32, i32, i64, i64],
    results: [i32],
    locals: [[1, i64]],
    body: [...scan(normal, strict), ...scan(last, loose), getLocal, last],
  });

/** Looks at the bytes from `at` up to `limit` with one mask; leaves `at` there. */
const scan = (limit: number, mask: number): Code => [
  ...forEach(unrolled, limit, Array.from({ length: unrolled }, (_, offset) => look(offset, mask)).flat()),
  ...forEach(1, limit, look(0, mask)),
];

/** Rolls the byte at `at + offset` into the hash, and answers its address when no bit of the mask is left. */
const look = (offset: number, mask: number): Code =>
  [
    [getLocal, hash, constLong, 1, shiftLong],
    [getLocal, at, loadByte, byteAligned, offset, constInt, 3, shiftInt, loadLong, longAligned, 0],
    [addLong, teeLocal, hash, getLocal, mask, andLong, isZero],
    [when, none, getLocal, at, constInt, offset, addInt, answer, end],
  ].flat();

/** Runs `code` while there are `count` bytes from `at` up to `limit`, and then moves `at` behind them. */
const forEach = (count: number, limit: number, code: Code): Code =>
  [
    [block, none, loop, none],
    [getLocal, at, constInt, count, addInt, getLocal, limit, above, jumpIf, 1],
    code,
    [getLocal, at, constInt, count, addInt, setLocal, at, jump, 0],
    [end, end],
  ].flat();
