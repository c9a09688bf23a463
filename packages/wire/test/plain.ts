// msgpack by another library than the one the codec uses: what a second implementation would read and write.

import { decode, encode } from '@msgpack/msgpack';

/** The bytes of a plain value: arrays, numbers, strings, booleans, null, bytes. */
export const pack = (value: unknown): Uint8Array => encode(value).slice();

export const unpack = (bytes: Uint8Array): unknown => decode(bytes);

/** A value with its byte arrays as `{ "bytes": hex }`, as the vector files write them. */
export const fromJson = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return value;
  if ('bytes' in value && typeof value.bytes === 'string') return Uint8Array.from(Buffer.from(value.bytes, 'hex'));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fromJson(part)]));
};
