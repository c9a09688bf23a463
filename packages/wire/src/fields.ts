// The kinds of field that messages are made of: how each is written into a plain msgpack value, and how it is checked
// and read back. `read` answers `refused` for anything but a value that `write` could have made.

import { type Address, bytesEqual, fromHex, isAddress, type PeerId, toHex } from '@shoal/machine';
import { type DraftId, draftOffer, isDraft, parseDraft, type SwarmKey } from './drafts.ts';
import {
  campsMax,
  chunkBytesMax,
  chunkCountMax,
  chunksPerMessageMax,
  claimedChunksPerPageMax,
  claimsPerMessageMax,
  contactsPerSwarmMax,
  holdersMax,
  nameBytesMax,
} from './limits.ts';
import {
  type Camp,
  type ChunkSet,
  type ClaimedChunk,
  type ClaimListReply,
  type FileListing,
  type FileLocations,
  type FileOffer,
  type Knowledge,
  knowledges,
  type PeerContact,
  type Progress,
  type Refusal,
  refusals,
  type Standing,
  standings,
  type SwarmId,
  type SwarmNews,
  type Verdict,
} from './messages.ts';
import { areClaims, areHolders, areReachable, claimBytes, contactBytes, holderBytes } from './packed.ts';

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

const same = <Value>(value: Value): Value => value;

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
export const bytes = (bytesMax: number): Field<Uint8Array> => ({
  write: same,
  read: (wire) => (wire instanceof Uint8Array && wire.length <= bytesMax ? new Uint8Array(wire) : refused),
});

/** So many bytes, neither more nor fewer. */
export const exactly = (count: number): Field<Uint8Array> =>
  mapped(bytes(count), same<Uint8Array>, (value) => (value.length === count ? value : refused));

/** Records of `recordBytes`, at most `countMax` of them and all of them sound, as they are. */
function packed(recordBytes: number, countMax: number, sound: (value: Uint8Array) => boolean): Field<Uint8Array> {
  const isSound = (value: Uint8Array): boolean => value.length % recordBytes === 0 && sound(value);
  return mapped(bytes(recordBytes * countMax), same<Uint8Array>, (value) => (isSound(value) ? value : refused));
}

const contacts = packed(contactBytes, contactsPerSwarmMax, (value) => areReachable(value, contactBytes));
export const packedHolders: Field<Uint8Array> = packed(holderBytes, holdersMax, areHolders);
export const packedClaims: Field<Uint8Array> = packed(claimBytes, claimsPerMessageMax, areClaims);

/** One of a closed list of words, as its place in the list, counted from 0. */
const word = <Word extends string>(words: readonly Word[]): Field<Word> => ({
  write: (value) => words.indexOf(value),
  read: (wire) => (typeof wire === 'number' ? (words[wire] ?? refused) : refused),
});

const digestBytes = 32;

/** 32 bytes on the wire, lower-case hexadecimal in memory. */
const digest = <Id extends string>(): Field<Id> => ({
  write: (value) => fromHex(value),
  read: (wire) => (wire instanceof Uint8Array && wire.length === digestBytes ? (toHex(wire) as Id) : refused),
});

/** The last value is known at sight: hardly anybody speaks of more than one swarm at a time. */
function remembered<Id extends string>(field: Field<Id>): Field<Id> {
  let [id, wireBytes]: [Id | undefined, unknown] = [undefined, undefined];
  return {
    write(value) {
      if (value !== id) [id, wireBytes] = [value, field.write(value)];
      return wireBytes;
    },
    read(wire) {
      if (wire instanceof Uint8Array && wireBytes instanceof Uint8Array && bytesEqual(wire, wireBytes)) return id!;
      const value = field.read(wire);
      if (value !== refused) [id, wireBytes] = [value, field.write(value)];
      return value;
    },
  };
}

export const swarm: Field<SwarmId> = remembered(digest());

export const draft: Field<DraftId> = {
  write: same,
  read: (wire) => (typeof wire === 'string' && parseDraft(wire) !== undefined ? (wire as DraftId) : refused),
};

/** Bytes for a swarm with a manifest, text for a draft. */
export const swarmKey: Field<SwarmKey> = {
  write: (key) => (isDraft(key) ? key : swarm.write(key)),
  read: (wire) => (typeof wire === 'string' ? draft.read(wire) : swarm.read(wire)),
};

const peer: Field<PeerId> = digest();

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
    const values: unknown[] = wire.slice();
    for (let i = 0; i < values.length; i += 1) {
      const value = field.read(values[i]);
      if (value === refused) return refused;
      values[i] = value;
    }
    return values as Value[];
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
  let at = start;
  for (const [key, field] of entries) {
    const value = field.read(wire[at]);
    at += 1;
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

export const host: Field<string> = text(hostBytesMax);
const addressFields: Fields<Address> = { host, port };

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

const refusal: Field<Refusal> = word(refusals);

/** True, or the reason. */
export const verdict: Field<Verdict> = {
  write: (value) => value.accepted || refusal.write(value.reason),
  read(wire) {
    if (wire === true) return { accepted: true };
    const reason = refusal.read(wire);
    return reason === refused ? refused : { accepted: false, reason };
  },
};

/** An offer as it is written: with a swarm `cut` is its chunk count, otherwise its chunk size. */
interface WireOffer {
  readonly name: string;
  readonly bytes: number;
  readonly cut: number;
  readonly swarm?: SwarmId;
}

const offerFields: Fields<WireOffer> = {
  name: text(nameBytesMax),
  bytes: uint(Number.MAX_SAFE_INTEGER),
  cut: uint(chunkBytesMax),
  swarm: optional(swarm),
};

function writeOffer({ name, bytes, chunkCount, swarm: key }: FileOffer): WireOffer {
  if (!isDraft(key)) return { name, bytes, cut: chunkCount, swarm: key };
  return { name, bytes, cut: parseDraft(key)!.chunkBytes };
}

function readOffer({ name, bytes, cut, swarm: key }: WireOffer): FileOffer | Refused {
  if (key !== undefined) return cut <= chunkCountMax ? { name, bytes, chunkCount: cut, swarm: key } : refused;
  return draftOffer({ name, bytes, chunkBytes: cut }) ?? refused;
}

/** `[name, bytes, chunk count, swarm]`, of a draft `[name, bytes, chunk bytes, nil]`. */
export const fileOffer: Field<FileOffer> = mapped(record(offerFields), writeOffer, readOffer);

const count = uint(2 ** 32 - 1);

/** An offer, with `seeders, leechers, derived swarm or nil` after it. */
export const fileListing: Field<FileListing> = mapped(
  record<WireOffer & Omit<FileListing, keyof FileOffer>>({
    ...offerFields,
    seeders: count,
    leechers: count,
    derived: optional(swarm),
  }),
  ({ name, bytes, chunkCount, swarm: key, ...rest }) => ({
    ...writeOffer({ name, bytes, chunkCount, swarm: key }),
    ...rest,
  }),
  ({ name, bytes, cut, swarm: key, ...rest }) => {
    const offer = readOffer({ name, bytes, cut, ...(key && { swarm: key }) });
    return offer === refused ? refused : { ...offer, ...rest };
  },
);

const name = text(nameBytesMax);

/** A swarm as `swarmKey` writes it, or text without a slash: a name. */
export const fileKey: Field<FileLocations['file']> = {
  write: (file) => ('swarm' in file ? swarmKey.write(file.swarm) : file.name),
  read(wire) {
    const isName = typeof wire === 'string' && !wire.includes('/');
    const read = isName ? name.read(wire) : swarmKey.read(wire);
    if (read === refused) return refused;
    return isName ? { name: read } : { swarm: read as SwarmKey };
  },
};

export const standing: Field<Standing> = word(standings);

/** `[check list, chunk list, disputed]`. */
export const counts: Field<ClaimListReply['counts']> = record<ClaimListReply['counts']>({
  checkList: chunkCount,
  chunkList: chunkCount,
  disputed: chunkCount,
});

/** `[hash, voices]`. */
const camp: Field<Camp> = record<Camp>({
  hash: exactly(digestBytes),
  voices: count,
});

/** `[chunk, standing, camp[]]`. */
const claimedChunk: Field<ClaimedChunk> = record<ClaimedChunk>({
  chunk: chunkIndex,
  standing,
  camps: list(camp, campsMax),
});
export const claimedChunks: Field<readonly ClaimedChunk[]> = list(claimedChunk, claimedChunksPerPageMax);

/** `[swarm, chunks held]`. */
export const progress: Field<Progress> = record<Progress>({ swarm: swarmKey, held: chunkCount });

/** `[knowledge, contacts]`. */
export const swarmNews: Field<SwarmNews> = record<SwarmNews>({ known: word<Knowledge>(knowledges), peers: contacts });

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
