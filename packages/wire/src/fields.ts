// The kinds of field that messages are made of: how each is written into a plain msgpack value, and how it is checked
// and read back. `read` answers `refused` for anything but a value that `write` could have made.

import { type Address, fromHex, isAddress, type PeerId, toHex } from '@shoal/machine';
import type { ChunkSet, FileListing, FileLocations, FileOffer, Holder, PeerContact, SwarmId } from './messages.ts';
import { type Refusal, refusals } from './messages.ts';
import { chunkCountMax, chunksPerMessageMax, nameBytesMax } from './limits.ts';

/** The answer to a value that is not of the field's kind or is beyond its limit. */
export const refused: unique symbol = Symbol('refused');
export type Refused = typeof refused;

/** One kind of field: `Value` in memory, a plain value (number, string, boolean, null, bytes, array) on the wire. */
export interface Field<Value> {
  write(value: Value): unknown;
  read(wire: unknown): Value | Refused;
}

/** For each property of `Value`, in the order in which they are written. */
export type Fields<Value> = { readonly [Key in keyof Value]-?: Field<Value[Key]> };

const same = (value: unknown): unknown => value;

/** A whole number from 0 to `max`. Adding 0 turns the float -0 into 0. */
export const uint = (max: number): Field<number> => ({
  write: same,
  read: (wire) =>
    typeof wire === 'number' && Number.isSafeInteger(wire) && wire >= 0 && wire <= max ? wire + 0 : refused,
});

export const bool: Field<boolean> = {
  write: same,
  read: (wire) => (typeof wire === 'boolean' ? wire : refused),
};

const encoder = new TextEncoder();

/** Text of at most `bytesMax` bytes of UTF-8. The scan has made sure that it is UTF-8. */
export const text = (bytesMax: number): Field<string> => ({
  write: same,
  read: (wire) =>
    typeof wire === 'string' &&
    wire.length <= bytesMax &&
    (wire.length * 3 <= bytesMax || encoder.encode(wire).length <= bytesMax)
      ? wire
      : refused,
});

/** Bytes, copied so that a message never keeps the buffer it came in. */
const bytes = (bytesMax: number): Field<Uint8Array> => ({
  write: same,
  read: (wire) => (wire instanceof Uint8Array && wire.length <= bytesMax ? new Uint8Array(wire) : refused),
});

const digestBytes = 32;

/** 32 bytes on the wire, lower-case hexadecimal in memory. */
const digest = <Id extends string>(): Field<Id> => ({
  write: (value) => fromHex(value),
  read: (wire) => (wire instanceof Uint8Array && wire.length === digestBytes ? (toHex(wire) as Id) : refused),
});

export const swarm: Field<SwarmId> = digest();
const peer: Field<PeerId> = digest();

/** A value or null. */
export const nullable = <Value>(field: Field<Value>): Field<Value | null> => ({
  write: (value) => (value === null ? null : field.write(value)),
  read: (wire) => (wire === null ? null : field.read(wire)),
});

/** For an optional property: nil when it is absent. `readEntries` leaves it out, so its type need not have undefined. */
export const optional = <Value>(field: Field<Value>): Field<Value> => ({
  write: (value) => (value === undefined ? null : field.write(value)),
  read: (wire) => (wire === null ? (undefined as Value) : field.read(wire)),
});

/** An array of at most `max` elements. */
export const list = <Value>(field: Field<Value>, max: number): Field<readonly Value[]> => ({
  write: (values) => values.map((value) => field.write(value)),
  read(wire) {
    if (!Array.isArray(wire) || wire.length > max) return refused;
    const values: Value[] = [];
    for (const element of wire) {
      const value = field.read(element);
      if (value === refused) return refused;
      values.push(value);
    }
    return values;
  },
});

/** An array with one element for each property, in the order of `fields`. Undefined properties are left out. */
function record<Value extends object>(fields: Fields<Value>): Field<Value> {
  const entries = Object.entries(fields) as [keyof Value, Field<unknown>][];
  return {
    write: (value) => entries.map(([key, field]) => field.write(value[key])),
    read: (wire) => (Array.isArray(wire) ? (readEntries(entries, wire, 0, {}) as Value | Refused) : refused),
  };
}

/** Reads the elements of `wire` from `start` into `target`, by `entries`; there must be exactly as many. */
export function readEntries(
  entries: readonly (readonly [PropertyKey, Field<unknown>])[],
  wire: readonly unknown[],
  start: number,
  target: object,
): object | Refused {
  if (wire.length !== start + entries.length) return refused;
  for (const [i, [key, field]] of entries.entries()) {
    const value = field.read(wire[start + i]);
    if (value === refused) return refused;
    if (value !== undefined) (target as Record<PropertyKey, unknown>)[key] = value;
  }
  return target;
}

export const port: Field<number> = {
  write: same,
  read: (wire) => (typeof wire === 'number' && Number.isInteger(wire) && wire >= 1 && wire <= 65_535 ? wire : refused),
};

const hostBytesMax = 253; // RFC 1035 section 2.3.4, less the length octets

const addressFields: Fields<Address> = { host: text(hostBytesMax), port };

/** `[host, port]`. */
export const address: Field<Address> = mapped(
  record(addressFields),
  (value) => value,
  (value) => (isAddress(value) ? value : refused),
);

/** `[host, port, peer or nil]`. */
export const contact: Field<PeerContact> = mapped(
  record<Address & Pick<PeerContact, 'peer'>>({ ...addressFields, peer: optional(peer) }),
  ({ address, ...rest }) => ({ ...address, ...rest }),
  ({ host, port, ...rest }) => (isAddress({ host, port }) ? { address: { host, port }, ...rest } : refused),
);

export const chunkIndex: Field<number> = uint(chunkCountMax - 1);
const chunkCount: Field<number> = uint(chunkCountMax);
export const chunkIndices: Field<readonly number[]> = list(chunkIndex, chunksPerMessageMax);
export const bitfield: Field<Uint8Array> = bytes(chunkCountMax / 8);

/** An array of indices, or bytes. */
export const chunkSet: Field<ChunkSet> = {
  write: (set) => ('chunks' in set ? set.chunks : set.bits),
  read(wire) {
    if (Array.isArray(wire)) {
      const chunks = chunkIndices.read(wire);
      return chunks === refused ? refused : { chunks };
    }
    const bits = bitfield.read(wire);
    return bits === refused ? refused : { bits };
  },
};

/** A refusal as its place in the list, counted from 0. */
export const refusal: Field<Refusal> = {
  write: (code) => refusals.indexOf(code),
  read: (wire) => (typeof wire === 'number' ? (refusals[wire] ?? refused) : refused),
};

const offerFields: Fields<FileOffer> = {
  name: text(nameBytesMax),
  bytes: uint(Number.MAX_SAFE_INTEGER),
  chunkCount,
  swarm,
};

/** `[name, bytes, chunk count, swarm]`. */
export const fileOffer: Field<FileOffer> = record(offerFields);

const peerCount = uint(2 ** 32 - 1);

/** `[name, bytes, chunk count, swarm, seeders, leechers]`. */
export const fileListing: Field<FileListing> = record<FileListing>({
  ...offerFields,
  seeders: peerCount,
  leechers: peerCount,
});

/** `[host, port, peer, how many chunks it holds]`. */
export const holder: Field<Holder> = mapped(
  record<Address & Omit<Holder, 'address'>>({ ...addressFields, peer, held: chunkCount }),
  ({ address, ...rest }) => ({ ...address, ...rest }),
  ({ host, port, ...rest }) => (isAddress({ host, port }) ? { address: { host, port }, ...rest } : refused),
);

const name = text(nameBytesMax);

/** Bytes for a swarm, text for a name. */
export const fileKey: Field<FileLocations['file']> = {
  write: (file) => ('swarm' in file ? swarm.write(file.swarm) : file.name),
  read(wire) {
    if (typeof wire === 'string') {
      const read = name.read(wire);
      return read === refused ? refused : { name: read };
    }
    const read = swarm.read(wire);
    return read === refused ? refused : { swarm: read };
  },
};

/** A field with another shape in memory; `back` may still refuse. */
function mapped<Value, Wire>(
  field: Field<Wire>,
  there: (value: Value) => Wire,
  back: (wire: Wire) => Value | Refused,
): Field<Value> {
  return {
    write: (value) => field.write(there(value)),
    read(wire) {
      const value = field.read(wire);
      return value === refused ? refused : back(value);
    },
  };
}
