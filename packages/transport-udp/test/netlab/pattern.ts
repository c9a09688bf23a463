// Content that sender and receiver both know, so that every byte can be checked wherever it stands.

import { seededRng } from '@shoal/machine';

const periodBytes = 65_521; // a prime: no record or datagram keeps step with it
const longestBytes = 2 ** 17;
const period = seededRng('pattern').bytes(periodBytes);
const repeated = new Uint8Array(periodBytes + longestBytes).map((_, i) => period[i % periodBytes]!);

/** `length` bytes (at most 131,072) of the content from `at` on, which nobody may change. */
export const patternAt = (at: number, length: number): Uint8Array =>
  repeated.subarray(at % periodBytes, (at % periodBytes) + length);
