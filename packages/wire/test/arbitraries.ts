// Any valid message, for property tests.

import { type Address, type PeerId, peerId, toHex } from '@shoal/machine';
import fc from 'fast-check';
import {
  chunkCountMax,
  chunksPerMessageMax,
  type DraftId,
  draftOffer,
  type FileListing,
  type FileOffer,
  knowledges,
  type Message,
  nameBytesMax,
  packClaims,
  packContact,
  packHolders,
  type PeerContact,
  refusals,
  standings,
  type SwarmId,
  swarmId,
  type SwarmKey,
  type Verdict,
} from '../src/index.ts';

const record = ((model: Record<string, fc.Arbitrary<unknown>>, constraints?: object) =>
  fc.record(model, { ...constraints, noNullPrototype: true })) as typeof fc.record;

const exactly = (count: number) => fc.uint8Array({ minLength: count, maxLength: count });
const digest = exactly(32).map(toHex);
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
const part = fc.integer({ min: 0, max: 511 });
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
const draftedOffer: fc.Arbitrary<FileOffer> = fc
  .record({ name, bytes: fc.integer({ min: 1, max: 2 ** 40 }), chunkBytes: fc.integer({ min: 2 ** 22, max: 2 ** 31 }) })
  .map((draft) => draftOffer(draft))
  .filter((drafted) => drafted !== undefined);
const offer: fc.Arbitrary<FileOffer> = fc.oneof(
  record({ name, bytes: fc.maxSafeNat(), chunkCount: count, swarm }),
  draftedOffer,
);
const draft = draftedOffer.map((drafted) => drafted.swarm as DraftId);
const swarmKey: fc.Arbitrary<SwarmKey> = fc.oneof(swarm, draft);
const listing: fc.Arbitrary<FileListing> = fc
  .tuple(
    offer,
    record({ seeders: uint32, leechers: uint32, derived: swarm }, { requiredKeys: ['seeders', 'leechers'] }),
  )
  .map(([offered, rest]) => Object.assign({}, offered, rest));
const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.constant({ accepted: true as const }),
  fc.constantFrom(...refusals).map((reason) => ({ accepted: false as const, reason })),
);
const numericAddress: fc.Arbitrary<Address> = record({ host: fc.oneof(fc.ipV4(), fc.ipV6()), port });
const trackedContacts = fc
  .array(record({ address: numericAddress, peer }), { maxLength: 50, size: '-1' })
  .map((tracked) => Uint8Array.from(tracked.flatMap((one) => [...packContact(one)!])));
const holders = fc
  .array(record({ address: numericAddress, peer, held: count }), { maxLength: 20 })
  .map((list) => packHolders(list)!);
const claims = fc.array(fc.tuple(chunk, exactly(32)), { maxLength: 20 }).map((list) =>
  packClaims(
    list.map(([index]) => index),
    Uint8Array.from(list.flatMap(([, hash]) => [...hash])),
  ),
);
const standing = fc.constantFrom(...standings);
const camp = record({ hash: exactly(32), voices: uint32 });
const claimedChunk = record({ chunk, standing, camps: fc.array(camp, { maxLength: 4 }) });
const intervalMs = fc.integer({ min: 0, max: 86_400_000 });
const thousandths = fc.integer({ min: 0, max: 1_000 });
const answerMs = fc.integer({ min: 0, max: 600_000 });
const type = <Type extends string>(value: Type): fc.Arbitrary<Type> => fc.constant(value);

/** One arbitrary a message type: a type left out does not compile. */
export const arbitraries: { readonly [Type in Message['type']]: fc.Arbitrary<Extract<Message, { type: Type }>> } = {
  hello: record(
    { type: type('hello'), agent: fc.string({ maxLength: 64 }), listenPort: port },
    { requiredKeys: ['type', 'agent'] },
  ),
  join: record({ type: type('join'), swarm, bits, offering: fc.boolean() }),
  part: record({ type: type('part'), swarm }),
  have: record({ type: type('have'), swarm, chunks }),
  lost: record({ type: type('lost'), swarm, chunks }),
  interest: record({
    type: type('interest'),
    swarm,
    interested: fc.boolean(),
    declined: fc.integer({ min: 0, max: 1024 }),
  }),
  unchoke: record({ type: type('unchoke'), swarm, requests: fc.integer({ min: 0, max: 1024 }) }),
  peers: record({ type: type('peers'), swarm, peers: contacts }),
  chunkRequest: record({ type: type('chunkRequest'), swarm, chunk }),
  chunkReply: record({
    type: type('chunkReply'),
    chunk,
    waitedMs: answerMs,
    readMs: answerMs,
    congestion: thousandths,
    receiver: thousandths,
  }),
  manifestRequest: record({ type: type('manifestRequest'), swarm, part }),
  manifestReply: record({ type: type('manifestReply'), part }),
  codeRequest: record({ type: type('codeRequest'), swarm, session: exactly(16), share: exactly(32) }),
  codeReply: record({ type: type('codeReply'), share: exactly(32) }),
  proofRequest: record({ type: type('proofRequest'), swarm, proof: exactly(64) }),
  proofReply: record(
    {
      type: type('proofReply'),
      triesLeft: fc.integer({ min: 0, max: 255 }),
      lifeMs: fc.integer({ min: 0, max: 604_800_000 }),
      sealed: fc.uint8Array({ maxLength: 300 }),
    },
    { requiredKeys: ['type', 'triesLeft', 'lifeMs'] },
  ),
  register: record(
    { type: type('register'), host: fc.ipV4(), port, files: fc.array(offer, { maxLength: 64, size: '-1' }) },
    { requiredKeys: ['type', 'port', 'files'] },
  ),
  registerReply: record({
    type: type('registerReply'),
    files: fc.array(verdict, { maxLength: 64 }),
    intervalMs,
    observed: address,
  }),
  fileList: record({ type: type('fileList'), filter: name, offset: uint32 }),
  fileListReply: record({ type: type('fileListReply'), total: uint32, files: fc.array(listing, { maxLength: 9 }) }),
  fileLocations: record({
    type: type('fileLocations'),
    file: fc.oneof(
      record({ swarm: swarmKey }),
      record({ name }).filter((file) => !file.name.includes('/')),
    ),
  }),
  fileLocationsReply: record(
    {
      type: type('fileLocationsReply'),
      file: listing,
      total: uint32,
      holders,
      rarest: fc.array(chunk, { maxLength: 100 }),
      copies: fc.array(uint32, { maxLength: 100 }),
    },
    { requiredKeys: ['type', 'total', 'holders', 'rarest', 'copies'] },
  ),
  chunkRegister: record({
    type: type('chunkRegister'),
    swarm: swarmKey,
    held: fc.oneof(record({ chunks }), record({ bits })),
  }),
  chunkRegisterReply: record({ type: type('chunkRegisterReply'), verdict }),
  claim: record({ type: type('claim'), swarm: draft, claims }),
  claimReply: record({ type: type('claimReply'), verdict, standings: fc.array(standing, { maxLength: 20 }) }),
  claimList: record(
    { type: type('claimList'), swarm: draft, from: chunk, only: standing },
    { requiredKeys: ['type', 'swarm', 'from'] },
  ),
  claimListReply: record(
    {
      type: type('claimListReply'),
      file: listing,
      counts: record({ checkList: count, chunkList: count, disputed: count }),
      chunks: fc.array(claimedChunk, { maxLength: 9 }),
      next: chunk,
    },
    { requiredKeys: ['type', 'counts', 'chunks'] },
  ),
  announce: record(
    {
      type: type('announce'),
      port,
      want: fc.integer({ min: 0, max: 50 }),
      swarms: fc.array(record({ swarm: swarmKey, held: count }), { maxLength: 32 }),
    },
    { requiredKeys: ['type', 'want', 'swarms'] },
  ),
  announceReply: record({
    type: type('announceReply'),
    intervalMs,
    swarms: fc.array(record({ known: fc.constantFrom(...knowledges), peers: trackedContacts }), { maxLength: 3 }),
  }),
  leave: record({ type: type('leave'), swarm: swarmKey }, { requiredKeys: ['type'] }),
  leaveReply: record({ type: type('leaveReply'), removed: fc.boolean() }),
};

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(...Object.values(arbitraries));
