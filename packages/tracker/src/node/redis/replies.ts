// What the scripts of a file answer, read.

import { Bitfield, type Rng } from '@shoal/machine';
import {
  type ClaimedChunk,
  contactBytes,
  contactPeerAt,
  type FileListing,
  holderBytes,
  holdersMax,
  isDraft,
  type Knowledge,
  locationsBodyBytesMax,
  type Standing,
  type SwarmId,
  type SwarmKey,
  type SwarmNews,
  writeHeld,
} from '@shoal/wire';
import { draw } from '../../memory/draw.ts';
import { countChunks, rarestChunks } from '../../memory/rarest.ts';
import type { ClaimPage, Located } from '../../store.ts';
import type { Reply } from './connection.ts';

const campBytes = 36;
const hashBytes = 32;

export function readListing(swarm: SwarmKey, reply: Reply): FileListing | undefined {
  if (reply === null) return undefined;
  const [name, bytes, chunkCount, derived, some, seeders, none] = reply as [
    Buffer,
    Buffer,
    number,
    Buffer,
    number,
    number,
    number,
  ];
  const listing = { name: String(name), bytes: Number(bytes), chunkCount, swarm, seeders, leechers: some + none };
  return derived.length === 0 ? listing : { ...listing, derived: String(derived) as SwarmId };
}

/** The contacts without the asker, as many of each kind as were meant, mixed. Who is no known peer is in no swarm. */
export function readNews(reply: Reply, asker: Buffer, isKnown: boolean, rng: Rng): SwarmNews {
  const [known, ...kinds] = reply as [Buffer, ...(number | Buffer[])[]];
  const contacts: Buffer[] = [];
  for (let i = 0; i < kinds.length; i += 2) {
    const others = (kinds[i + 1] as Buffer[]).filter((contact) => !contact.subarray(contactPeerAt).equals(asker));
    contacts.push(...others.slice(0, kinds[i] as number));
  }
  const peers = new Uint8Array(contacts.length * contactBytes);
  const order = draw(0, contacts.length, contacts.length, -1, rng);
  for (const [i, contact] of contacts.entries()) peers.set(contact, order[i]! * contactBytes);
  return { known: isKnown ? (String(known) as Knowledge) : 'no', peers };
}

/** `run` runs a script of this file. */
export async function readLocated(
  swarm: SwarmKey,
  rng: Rng,
  run: (name: 'locate' | 'agreed', args: readonly (string | Buffer)[]) => Promise<Reply>,
  quorum: string,
): Promise<Located | undefined> {
  const reply = await run('locate', [String(holdersMax), String(locationsBodyBytesMax), isDraft(swarm) ? '1' : '0']);
  if (reply === null) return undefined;
  const [listing, full, partial, rows, agreed] = reply as [Reply, Buffer[], Buffer[], (Buffer | null)[], Buffer | null];
  const file = readListing(swarm, listing)!;
  const { chunkCount } = file;
  const chunkList = isDraft(swarm) ? bitsOf(agreed, chunkCount) : undefined;
  const sources = partial
    .map((contact, i) => ({ contact, bits: both(bitsOf(rows[i]!, chunkCount), chunkList) }))
    .filter(({ bits }) => bits.count > 0);
  const counts = copiesOf(
    sources.map(({ bits }) => bits),
    full.length,
    chunkCount,
  );
  const rarest = rarestChunks(counts, rng);
  const hashes = chunkList === undefined ? [] : ((await run('agreed', [quorum, packIndices(rarest)])) as Buffer[]);
  const given = chunkList === undefined ? rarest : rarest.filter((_, i) => hashes[i]!.length > 0); // some may be disputed by now
  const holders = new Uint8Array((full.length + sources.length) * holderBytes);
  const all = [
    ...full.map((contact) => ({ contact, held: chunkCount })),
    ...sources.map(({ contact, bits }) => ({ contact, held: bits.count })),
  ];
  for (const [i, { contact, held }] of all.entries()) {
    holders.set(contact, i * holderBytes);
    writeHeld(held, holders, i * holderBytes);
  }
  const body = Buffer.concat([
    ...sources.filter(({ bits }) => !bits.isFull).map(({ bits }) => bits.toBytes()),
    ...hashes,
  ]);
  const some = (listing as number[])[4]!;
  return {
    file,
    total: some + file.seeders,
    holders,
    rarest: given,
    copies: given.map((chunk) => counts[chunk]!),
    body,
  };
}

export function readClaimPage(swarm: SwarmKey, reply: Reply): ClaimPage | undefined {
  if (reply === null) return undefined;
  const [listing, counts, found, next] = reply as [Reply, (Buffer | null)[], [number, Buffer, Buffer][], number];
  const [checkList, chunkList, disputed] = counts.map(Number) as [number, number, number];
  const chunks = found.map(([chunk, standing, camps]): ClaimedChunk => {
    const offsets = Array.from({ length: camps.length / campBytes }, (_, i) => i * campBytes);
    const read = offsets.map((at) => ({
      hash: new Uint8Array(camps.subarray(at, at + hashBytes)),
      voices: camps.readUInt32BE(at + hashBytes),
    }));
    return { chunk, standing: String(standing) as Standing, camps: read.toSorted((a, b) => b.voices - a.voices) };
  });
  const page = { file: readListing(swarm, listing)!, counts: { checkList, chunkList, disputed }, chunks };
  return next < 0 ? page : { ...page, next };
}

/** Chunk indices, 4 bytes each. */
export function packIndices(chunks: readonly number[]): Buffer {
  const packed = Buffer.alloc(4 * chunks.length);
  for (const [i, chunk] of chunks.entries()) packed.writeUInt32BE(chunk, 4 * i);
  return packed;
}

/** Bits as Redis keeps them: without the zeros at the end. */
function bitsOf(bytes: Buffer | null, chunkCount: number): Bitfield {
  const whole = new Uint8Array(Bitfield.byteLength(chunkCount));
  whole.set(bytes ?? []);
  return Bitfield.fromBytes(whole, chunkCount)!;
}

function both(bits: Bitfield, mask: Bitfield | undefined): Bitfield {
  if (mask === undefined) return bits;
  const other = mask.toBytes();
  return Bitfield.fromBytes(
    bits.toBytes().map((byte, i) => byte & other[i]!),
    bits.length,
  )!;
}

/** How many have each chunk: those with these bits, and so many with all. */
function copiesOf(sources: readonly Bitfield[], full: number, chunkCount: number): Uint16Array {
  const words = Math.ceil(chunkCount / 32);
  const rows = new Uint8Array(4 * words * sources.length);
  for (const [i, bits] of sources.entries()) rows.set(bits.toBytes(), 4 * words * i);
  return countChunks(new Uint32Array(rows.buffer), words, [...sources.keys()], chunkCount).map((count) => count + full);
}
