// Any valid message, for property tests.

import { type Address, type PeerId, peerId, toHex } from '@shoal/machine';
import fc from 'fast-check';
import {
  chunkCountMax,
  chunksPerMessageMax,
  type FileListing,
  type FileOffer,
  type Message,
  nameBytesMax,
  type PeerContact,
  refusals,
  type SwarmId,
  swarmId,
} from '../src/index.ts';

const record = ((model: Record<string, fc.Arbitrary<unknown>>, constraints?: object) =>
  fc.record(model, { ...constraints, noNullPrototype: true })) as typeof fc.record;

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const swarm: fc.Arbitrary<SwarmId> = digest.map((hex) => swarmId(hex)!);
const peer: fc.Arbitrary<PeerId> = digest.map((hex) => peerId(hex)!);
const port = fc.integer({ min: 1, max: 65_535 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const bits = fc.uint8Array({ maxLength: 64 });
const chunk = fc.integer({ min: 0, max: chunkCountMax - 1 });
const chunks = fc.oneof(
  { weight: 9, arbitrary: fc.array(chunk, { maxLength: 20 }) },
  { weight: 1, arbitrary: fc.array(chunk, { minLength: chunksPerMessageMax, maxLength: chunksPerMessageMax }) },
);
const count = fc.integer({ min: 0, max: chunkCountMax });
const manifestBytes = fc.integer({ min: 0, max: 64 * 1024 * 1024 });
const name = fc
  .oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constant('ä'.repeat(127)),
    fc.constant('n'.repeat(nameBytesMax)),
  )
  .filter((text) => new TextEncoder().encode(text).length <= nameBytesMax);
const address: fc.Arbitrary<Address> = record({
  host: fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.domain().filter((text) => /^[\w.-]+$/.test(text)),
  ),
  port,
});
const contact: fc.Arbitrary<PeerContact> = record({ address, peer }, { requiredKeys: ['address'] });
const contacts = fc.array(contact, { maxLength: 50, size: '-1' });
const offer: fc.Arbitrary<FileOffer> = record({ name, bytes: fc.maxSafeNat(), chunkCount: count, swarm });
const listing: fc.Arbitrary<FileListing> = record({
  name,
  bytes: fc.maxSafeNat(),
  chunkCount: count,
  swarm,
  seeders: uint32,
  leechers: uint32,
});
const refusal = fc.constantFrom(...refusals);
const intervalMs = fc.integer({ min: 0, max: 86_400_000 });
const type = <Type extends string>(value: Type): fc.Arbitrary<Type> => fc.constant(value);

/** One arbitrary a message type: a type left out does not compile. */
export const arbitraries: { readonly [Type in Message['type']]: fc.Arbitrary<Extract<Message, { type: Type }>> } = {
  hello: record(
    { type: type('hello'), agent: fc.string({ maxLength: 64 }), listenPort: port },
    { requiredKeys: ['type', 'agent'] },
  ),
  join: record({ type: type('join'), swarm, bits }),
  part: record({ type: type('part'), swarm }),
  have: record({ type: type('have'), swarm, chunks }),
  interest: record({ type: type('interest'), swarm, interested: fc.boolean() }),
  choke: record({ type: type('choke'), swarm, choked: fc.boolean() }),
  peers: record({ type: type('peers'), swarm, peers: contacts }),
  chunkRequest: record({ type: type('chunkRequest'), swarm, chunk }),
  chunkReply: record({ type: type('chunkReply'), chunk }),
  manifestRequest: record({ type: type('manifestRequest'), swarm, offset: manifestBytes }),
  manifestReply: record({ type: type('manifestReply'), offset: manifestBytes, totalBytes: manifestBytes }),
  register: record({ type: type('register'), port, files: fc.array(offer, { maxLength: 64, size: '-1' }) }),
  registerReply: record({
    type: type('registerReply'),
    refused: fc.array(fc.option(refusal), { maxLength: 64 }),
    intervalMs,
    observed: address,
  }),
  fileList: record({ type: type('fileList'), filter: name, offset: uint32 }),
  fileListReply: record({ type: type('fileListReply'), total: uint32, files: fc.array(listing, { maxLength: 9 }) }),
  fileLocations: record({
    type: type('fileLocations'),
    file: fc.oneof(record({ swarm }), record({ name })),
  }),
  fileLocationsReply: record(
    {
      type: type('fileLocationsReply'),
      file: listing,
      total: uint32,
      holders: fc.array(record({ address, peer, held: count }), { maxLength: 20 }),
      rarest: fc.array(chunk, { maxLength: 100 }),
    },
    { requiredKeys: ['type', 'total', 'holders', 'rarest'] },
  ),
  chunkRegister: record({
    type: type('chunkRegister'),
    swarm,
    held: fc.oneof(record({ chunks }), record({ bits })),
  }),
  chunkRegisterReply: record({ type: type('chunkRegisterReply'), refused: refusal }, { requiredKeys: ['type'] }),
  announce: record({ type: type('announce'), swarms: fc.array(swarm, { maxLength: 32 }) }),
  announceReply: record({
    type: type('announceReply'),
    known: fc.boolean(),
    intervalMs,
    peers: fc.array(contacts, { maxLength: 3 }),
  }),
  leave: record({ type: type('leave'), swarm }, { requiredKeys: ['type'] }),
  leaveReply: record({ type: type('leaveReply'), removed: fc.boolean() }),
};

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(...Object.values(arbitraries));
