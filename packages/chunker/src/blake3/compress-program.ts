// BLAKE3's compression function as a WebAssembly module with vectors of 128 bits: four inputs at once, one in each lane.
// (The BLAKE3 paper, sections 2.2 to 2.5 and 5.3; the numbers are those of its tables 1 to 3.)
//
//   compress(input, stride, blocks, counter, step, first, every, last, lastBytes, output): lane n has the input at
//   input + n × stride, of so many blocks of 64 bytes, and counter + n × step. Flags: `every` in all blocks, `first` also in the
//   first one, `last` also in the last one, which has `lastBytes`. Four chaining values of 32 bytes each come to `output`.

import { type Code, moduleOf, signed, unsigned } from '../web-assembly/code.ts';

export type Compress = (
  input: number,
  stride: number,
  blocks: number,
  counter: number,
  step: number,
  first: number,
  every: number,
  last: number,
  lastBytes: number,
  output: number,
) => void;

const [i32, v128, none] = [0x7f, 0x7b, 0x40];
const [loop, when, end, jumpIf] = [0x03, 0x04, 0x0b, 0x0d];
const [getLocal, setLocal, teeLocal, constInt] = [0x20, 0x21, 0x22, 0x41];
const [equalInt, addInt, subInt, orInt] = [0x46, 0x6a, 0x6b, 0x72];
const wide = (instruction: number): Code => [0xfd, ...unsigned(instruction)];
const [load, store, constWide, shuffleBytes, splat] = [0, 11, 12, 13, 17].map(wide) as [Code, Code, Code, Code, Code];
const [or, xor, shiftLeft, shiftRight] = [0x50, 0x51, 0xab, 0xad].map(wide) as [Code, Code, Code, Code];
const [add, multiply] = [0xae, 0xb5].map(wide) as [Code, Code];

const [input, stride, blocks, counter, step, first, every, last, lastBytes, output] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const [flags, bytes] = [10, 11];
const inputs = [input, 12, 13, 14] as const;
const vectorsFrom = 15;
const range = (from: number): readonly number[] => Array.from({ length: 8 }, (_, index) => from + index);
/** The chaining values, the state, the message, and the counters; each vector has that word of all four lanes. */
const chain = range(vectorsFrom);
const state = [...range(vectorsFrom + 8), ...range(vectorsFrom + 16)];
const message = [...range(vectorsFrom + 24), ...range(vectorsFrom + 32)];
const counters = vectorsFrom + 40;

const initial = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const;
const rounds = 7;
/** Which word of the message comes where in the next round. */
const permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
/** Columns, then diagonals: the words of the state that are mixed with one another. */
const quarters = [0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
  [0, 1, 2, 3].map((row) => 4 * row + ((n + (n < 4 ? 0 : row)) & 3)),
) as [number, number, number, number][];

const get = (local: number): Code => [getLocal, local];
const set = (local: number, code: Code): Code => [...code, setLocal, local];
const int = (value: number): Code => [constInt, ...signed(value)];
const words = (...values: readonly number[]): Code => [
  ...constWide,
  ...values.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 255)),
];
/** Where a vector is loaded or stored, behind the address on the stack. */
const aligned = (offset: number): Code => [4, ...unsigned(offset)];
const sameWords = (word: number): Code => words(word, word, word, word);

export const compressProgram = (): Uint8Array<ArrayBuffer> =>
  moduleOf({
    name: 'compress',
    parameters: Array.from({ length: 10 }, () => i32),
    results: [],
    locals: [
      [vectorsFrom - 10, i32],
      [41, v128],
    ],
    body: [begin(), loop, none, block(), next(), jumpIf, 0, end, finish()].flat(),
  });

const begin = (): Code =>
  [
    inputs.slice(1).flatMap((place, lane) => set(place, [...get(inputs[lane]!), ...get(stride), addInt])),
    chain.flatMap((value, index) => set(value, sameWords(initial[index]!))),
    set(counters, [get(counter), splat, get(step), splat, words(0, 1, 2, 3), multiply, add].flat()),
    set(flags, [...get(first), ...get(every), orInt]),
    set(bytes, int(64)),
  ].flat();

/** Takes one block of each lane into its chaining value. */
const block = (): Code =>
  [
    [...get(blocks), ...int(1), equalInt, when, none],
    [...set(flags, [...get(flags), ...get(last), orInt]), ...set(bytes, get(lastBytes)), end],
    [0, 4, 8, 12].flatMap(readWords),
    chain.flatMap((value, index) => set(state[index]!, get(value))),
    [0, 1, 2, 3].flatMap((index) => set(state[8 + index]!, sameWords(initial[index]!))),
    set(state[12]!, get(counters)),
    set(state[13]!, sameWords(0)), // the counter's upper half: nobody hashes 4 TiB at once
    set(state[14]!, [...get(bytes), ...splat]),
    set(state[15]!, [...get(flags), ...splat]),
    mixAll(),
    chain.flatMap((value, index) => set(value, [...get(state[index]!), ...get(state[8 + index]!), ...xor])),
  ].flat();

/** Moves on; leaves whether there is another block. */
const next = (): Code => [
  ...inputs.flatMap((place) => set(place, [...get(place), ...int(64), addInt])),
  ...set(flags, get(every)),
  ...get(blocks),
  ...int(1),
  subInt,
  teeLocal,
  blocks,
];

const finish = (): Code =>
  [0, 4].flatMap((word) => {
    const [zip, lanes] = transposed(chain.slice(word, word + 4));
    const written = lanes.map((lane, index) => [get(output), lane, store, aligned(32 * index + 4 * word)]);
    return [zip, ...written.flat()].flat();
  });

/** Reads four words of all lanes. */
function readWords(word: number): Code {
  const read = inputs.flatMap((place, lane) => set(state[lane]!, [...get(place), ...load, ...aligned(4 * word)]));
  const [zip, values] = transposed(state.slice(0, 4));
  return [...read, ...zip, ...values.flatMap((value, index) => set(message[word + index]!, value))];
}

/** First to be done, with four vectors of the state; then what makes each word of four vectors one vector. */
function transposed(rows: readonly number[]): [zip: Code, words: readonly Code[]] {
  const zipped = state.slice(4, 8);
  const of = (one: number, two: number, from: number): Code =>
    picked(get(rows[one]!), get(rows[two]!), [from, 4 + from, 1 + from, 5 + from]);
  const zip = [of(0, 1, 0), of(2, 3, 0), of(0, 1, 2), of(2, 3, 2)].flatMap((code, index) => set(zipped[index]!, code));
  const [low01, low23, high01, high23] = zipped.map(get) as [Code, Code, Code, Code];
  return [zip, [...half(low01, low23), ...half(high01, high23)]];
}

const half = (one: Code, two: Code): Code[] => [picked(one, two, [0, 1, 4, 5]), picked(one, two, [2, 3, 6, 7])];

/** A vector of four words of two others; those of the second are counted from 4. */
const picked = (one: Code, two: Code, which: readonly number[]): Code => [
  ...one,
  ...two,
  ...shuffleBytes,
  ...which.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte)),
];

function mixAll(): Code {
  let order = message;
  const code: Code[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, quarter] of quarters.entries())
      code.push(mixHalf(quarter, order[2 * index]!, 16, 12), mixHalf(quarter, order[2 * index + 1]!, 8, 7));
    order = permutation.map((index) => order[index]!);
  }
  return code.flat();
}

function mixHalf(quarter: readonly number[], word: number, turnD: number, turnB: number): Code {
  const [a, b, c, d] = quarter.map((index) => state[index]!) as [number, number, number, number];
  return [
    ...set(a, [...get(a), ...get(b), ...add, ...get(word), ...add]),
    ...set(d, [...get(d), ...get(a), ...xor]),
    ...set(d, turned(d, turnD)),
    ...set(c, [...get(c), ...get(d), ...add]),
    ...set(b, [...get(b), ...get(c), ...xor]),
    ...set(b, turned(b, turnB)),
  ];
}

/** Rotated to the right; half-way, as a shuffle, which is quicker. */
function turned(local: number, bits: number): Code {
  if (bits === 16) {
    const halves = [0, 4, 8, 12].flatMap((at) => [at + 2, at + 3, at, at + 1]);
    return [...get(local), ...get(local), ...shuffleBytes, ...halves];
  }
  return [...get(local), ...int(bits), ...shiftRight, ...get(local), ...int(32 - bits), ...shiftLeft, ...or];
}
