// Messages to bytes and back. A message is the msgpack array [protocolVersion, kind, ...fields], its fields in the order
// of the table below; the README has the same table in words. Decoding scans the bytes before it unpacks them
// (scan.ts) and checks every field after (fields.ts), so that no bytes from outside can throw or cost much.

import { invariant } from '@shoal/machine';
// By these doors, because the main one loads native code, which takes a program longer to load than all else it starts with.
import { Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';
import * as f from './fields.ts';
import * as limits from './limits.ts';
import { type Message, protocolVersion } from './messages.ts';
import { scan } from './scan.ts';

/**
 * Why bytes are no message: longer than `messageBytesMax`; not one well-formed array of the allowed kinds of value;
 * of another version; of a kind unknown here; or a field that is missing, surplus, of a wrong kind or beyond a limit.
 */
export type DecodeFailure = 'tooLarge' | 'malformed' | 'version' | 'unknownType' | 'badField';

export type Decoded<M = Message> =
  | { readonly ok: true; readonly message: M }
  | { readonly ok: false; readonly reason: DecodeFailure };

/** The bytes of a message. A message beyond a limit is the caller's bug: it could not be decoded. */
export function encode(message: Message): Uint8Array {
  const { kind, entries } = layouts[message.type];
  const values: unknown[] = [protocolVersion, kind];
  const source = message as unknown as Record<PropertyKey, unknown>;
  for (const [key, field] of entries) values.push(field.write(source[key]));
  const bytes = packr.pack(values);
  invariant(bytes.length <= limits.messageBytesMax, `a ${message.type} message fits one link message`);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The message in `bytes`, or why there is none. Never throws; keeps no reference to `bytes`. */
export function decode(bytes: Uint8Array): Decoded {
  if (bytes.length > limits.messageBytesMax) return failures.tooLarge;
  if (!scan(bytes)) return failures.malformed;
  const values = unpack(bytes);
  if (!Array.isArray(values) || values.length < 2) return failures.malformed;
  if (values[0] !== protocolVersion) return failures.version;
  const layout = typeof values[1] === 'number' ? layoutsByKind.get(values[1]) : undefined;
  if (layout === undefined) return failures.unknownType;
  const message = f.readEntries(layout.entries, values, 2, { type: layout.type });
  return message === f.refused ? failures.badField : { ok: true, message: message as Message };
}

const failure = (reason: DecodeFailure): Decoded & { ok: false } => ({ ok: false, reason });

const failures = {
  tooLarge: failure('tooLarge'),
  malformed: failure('malformed'),
  version: failure('version'),
  unknownType: failure('unknownType'),
  badField: failure('badField'),
};

const safe = { useRecords: false, moreTypes: false, bundleStrings: false, int64AsType: 'number' } as const;
const packr = new Packr(safe);
const unpackr = new Unpackr(safe);

/** The value in bytes that passed the scan. */
function unpack(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(bytes);
  } catch {
    return undefined; // the scan lets nothing through that throws; if the library disagrees, the bytes are malformed
  }
}

type Properties<M> = Omit<M, 'type'>;

interface Layout {
  readonly kind: number;
  readonly entries: readonly (readonly [PropertyKey, f.Field<unknown>])[];
}

type Table = { readonly [Type in Message['type']]: Layout };

/** The layout of one message type, its properties in the order in which they are written. */
const layout =
  <Type extends Message['type']>() =>
  (kind: number, fields: f.Fields<Properties<Extract<Message, { type: Type }>>>): Layout => ({
    kind,
    entries: Object.entries(fields) as [string, f.Field<unknown>][],
  });

const layouts: Table = {
  hello: layout<'hello'>()(1, { agent: f.text(limits.agentBytesMax), listenPort: f.optional(f.port) }),
  join: layout<'join'>()(2, { swarm: f.swarm, bits: f.bitfield, offering: f.bool }),
  part: layout<'part'>()(3, { swarm: f.swarm }),
  have: layout<'have'>()(4, { swarm: f.swarm, chunks: f.chunkIndices }),
  interest: layout<'interest'>()(5, {
    swarm: f.swarm,
    interested: f.bool,
    declined: f.uint(limits.requestsPerUnchokeMax),
  }),
  unchoke: layout<'unchoke'>()(6, { swarm: f.swarm, requests: f.uint(limits.requestsPerUnchokeMax) }),
  lost: layout<'lost'>()(8, { swarm: f.swarm, chunks: f.chunkIndices }),
  peers: layout<'peers'>()(7, { swarm: f.swarm, peers: f.list(f.contact, limits.contactsPerSwarmMax) }),

  chunkRequest: layout<'chunkRequest'>()(16, { swarm: f.swarm, chunk: f.chunkIndex }),
  chunkReply: layout<'chunkReply'>()(17, {
    chunk: f.chunkIndex,
    waitedMs: f.uint(limits.answerMsMax),
    readMs: f.uint(limits.answerMsMax),
    congestion: f.uint(1_000),
    receiver: f.uint(1_000),
  }),
  manifestRequest: layout<'manifestRequest'>()(18, { swarm: f.swarm, part: f.uint(limits.manifestPartsMax - 1) }),
  manifestReply: layout<'manifestReply'>()(19, { part: f.uint(limits.manifestPartsMax - 1) }),
  codeRequest: layout<'codeRequest'>()(20, {
    swarm: f.swarm,
    session: f.exactly(limits.codeSessionBytes),
    share: f.exactly(limits.codeShareBytes),
  }),
  codeReply: layout<'codeReply'>()(21, { share: f.exactly(limits.codeShareBytes) }),
  proofRequest: layout<'proofRequest'>()(22, { swarm: f.swarm, proof: f.exactly(limits.codeProofBytes) }),
  proofReply: layout<'proofReply'>()(23, {
    triesLeft: f.uint(limits.codeTriesMax),
    lifeMs: f.uint(limits.codeLifeMsMax),
    sealed: f.optional(f.bytes(limits.sealedTicketBytesMax)),
  }),

  register: layout<'register'>()(32, {
    host: f.optional(f.host),
    port: f.port,
    files: f.list(f.fileOffer, limits.filesPerRegisterMax),
  }),
  registerReply: layout<'registerReply'>()(33, {
    files: f.list(f.verdict, limits.filesPerRegisterMax),
    intervalMs: f.uint(limits.intervalMsMax),
    observed: f.address,
  }),
  fileList: layout<'fileList'>()(34, { filter: f.text(limits.nameBytesMax), offset: f.uint(2 ** 32 - 1) }),
  fileListReply: layout<'fileListReply'>()(35, {
    total: f.uint(2 ** 32 - 1),
    files: f.list(f.fileListing, limits.filesPerPageMax),
  }),
  fileLocations: layout<'fileLocations'>()(36, { file: f.fileKey }),
  fileLocationsReply: layout<'fileLocationsReply'>()(37, {
    file: f.optional(f.fileListing),
    total: f.uint(2 ** 32 - 1),
    holders: f.packedHolders,
    rarest: f.list(f.chunkIndex, limits.rarestMax),
    copies: f.list(f.uint(2 ** 32 - 1), limits.rarestMax),
  }),
  chunkRegister: layout<'chunkRegister'>()(38, { swarm: f.swarmKey, held: f.chunkSet }),
  chunkRegisterReply: layout<'chunkRegisterReply'>()(39, { verdict: f.verdict }),
  announce: layout<'announce'>()(40, {
    port: f.optional(f.port),
    want: f.uint(limits.contactsPerSwarmMax),
    swarms: f.list(f.progress, limits.swarmsPerAnnounceMax),
  }),
  announceReply: layout<'announceReply'>()(41, {
    intervalMs: f.uint(limits.intervalMsMax),
    swarms: f.list(f.swarmNews, limits.swarmsPerAnnounceMax),
  }),
  leave: layout<'leave'>()(42, { swarm: f.optional(f.swarmKey) }),
  leaveReply: layout<'leaveReply'>()(43, { removed: f.bool }),
  claim: layout<'claim'>()(44, { swarm: f.draft, claims: f.packedClaims }),
  claimReply: layout<'claimReply'>()(45, {
    verdict: f.verdict,
    standings: f.list(f.standing, limits.claimsPerMessageMax),
  }),
  claimList: layout<'claimList'>()(46, { swarm: f.draft, from: f.chunkIndex, only: f.optional(f.standing) }),
  claimListReply: layout<'claimListReply'>()(47, {
    file: f.optional(f.fileListing),
    counts: f.counts,
    chunks: f.claimedChunks,
    next: f.optional(f.chunkIndex),
  }),
};

const layoutsByKind = new Map(
  Object.entries(layouts).map(([type, { kind, entries }]) => [kind, { type: type as Message['type'], entries }]),
);
