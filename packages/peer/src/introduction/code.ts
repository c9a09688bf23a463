// A short code, such as 4821-coral-walnut: to be said aloud, and typed. The number says where those who have the code
// meet, and is no secret. The words are: two of 2,048 that are hard to mistake make 22 bits. That is enough, since each
// guess has to be made to the face of who shares, and that one hears few.

import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { toHex } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import { words as known } from './words.ts';

export interface Code {
  /** As it is shown, which is also the password. */
  readonly text: string;
  /** Where those who have it meet: this number, hashed. It is handled as the name of a swarm. */
  readonly meeting: SwarmId;
}

export type ParsedCode =
  | { readonly ok: true; readonly code: Code }
  /** `detail` says what is wrong, for people, with the nearest word where one is unknown. */
  | { readonly ok: false; readonly detail: string };

/** The name under which trackers list meetings; that of the code is not told. */
export const meetingName = 'shoal-meeting';

const wordCount = 2;
const placeMin = 1_000;
const placeMax = 9_999;
const shape = 'a number of four digits and two words, such as 4821-coral-walnut';

/** A new code; `random` must not be guessable. */
export function drawCode(random: (bytes: number) => Uint8Array): Code {
  const draw = (): number => random(4).reduce((value, byte) => value * 256 + byte, 0);
  const place = placeMin + (draw() % (placeMax - placeMin + 1));
  const words = Array.from({ length: wordCount }, () => known[draw() % known.length]!);
  return codeOf(place, words);
}

/** The code that somebody typed, in any case, with blanks or hyphens between its parts. */
export function parseCode(text: string): ParsedCode {
  const [place = '', ...words] = text
    .trim()
    .toLowerCase()
    .split(/[\s-]+/);
  if (!/^[1-9]\d{3}$/.test(place) || words.length !== wordCount) return { ok: false, detail: `a code is ${shape}` };
  const unknown = words.find((word) => !known.includes(word));
  if (unknown === undefined) return { ok: true, code: codeOf(Number(place), words) };
  return {
    ok: false,
    detail: `"${unknown}" is none of the words that codes are made of; is it "${nearest(unknown)}"?`,
  };
}

function codeOf(place: number, words: readonly string[]): Code {
  const meeting = toHex(sha256(utf8ToBytes(`shoal meeting 1 ${place}`))) as SwarmId;
  return { text: [place, ...words].join('-'), meeting };
}

/** The word that takes the fewest changes of a letter to become. */
function nearest(typed: string): string {
  const short = typed.slice(0, 16); // no word is nearly as long; a distance costs the product of both lengths
  let [best, bestDistance] = ['', Number.POSITIVE_INFINITY];
  for (const word of known) {
    const distance = editDistance(short, word);
    if (distance < bestDistance) [best, bestDistance] = [word, distance];
  }
  return best;
}

/** How many letters must be put in, taken out or changed (Levenshtein, row by row). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      next.push(Math.min(row[j - 1]! + change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
