// What a tracker does with a request besides keeping order: which call of the store it becomes, and which reply the
// store's answer becomes. Pure: who asks and where from is known from the link.

import {
  type Address,
  assertNever,
  canonicalIp,
  type Instant,
  InvariantError,
  type PeerId,
  sameAddress,
} from '@shoal/machine';
import {
  claimedChunksPerPageMax,
  contactsPerSwarmMax,
  filesPerPageMax,
  type Refusal,
  type TrackerReply,
  type TrackerRequest,
  type Verdict,
} from '@shoal/wire';
import { isSafeName } from './safe-name.ts';
import type { StoreAnswer, StoreCall } from './store.ts';

/** Who asks: its key, and where its packets come from. */
export interface Asker {
  readonly peer: PeerId;
  readonly address: Address;
  /** Where the store knows it to be reached. */
  readonly listed: Address | undefined;
}

/** Contacts in one announce reply over all its swarms: they fit a message. */
const contactsPerReplyMax = 1_000;

/** What is refused before the store sees it: per file of a register its reason, or null. */
export function refusedUnseen(
  request: TrackerRequest,
  { address }: Pick<Asker, 'address'>,
): readonly (Refusal | null)[] {
  if (request.type !== 'register') return [];
  const { host, files } = request;
  if (host !== undefined && canonicalIp(host) !== canonicalIp(address.host)) return files.map(() => 'badAddress');
  return files.map(({ name }) => (isSafeName(name) ? null : 'nameUnsafe'));
}

/** The store call that answers `request`, less what was refused unseen. */
export function storeCallOf(
  request: TrackerRequest,
  { peer, address, listed }: Asker,
  refused: readonly (Refusal | null)[],
  now: Instant,
): StoreCall {
  const reachedAt = (port: number): Address => ({ host: address.host, port });
  switch (request.type) {
    case 'register': {
      const files = request.files.filter((_, i) => refused[i] === null);
      return { method: 'register', args: [peer, reachedAt(request.port), files, now] };
    }
    case 'fileList':
      return { method: 'list', args: [request.filter, request.offset, filesPerPageMax] };
    case 'fileLocations':
      return { method: 'locate', args: [request.file] };
    case 'chunkRegister':
      return { method: 'hold', args: [peer, request.swarm, request.held, now] };
    case 'claim':
      return { method: 'claim', args: [peer, request.swarm, request.claims, now] };
    case 'claimList': {
      const { swarm, from, only } = request;
      return { method: 'claims', args: [swarm, from, only, claimedChunksPerPageMax] };
    }
    case 'announce': {
      const fair = Math.floor(contactsPerReplyMax / Math.max(1, request.swarms.length));
      const { port = listed?.port } = request;
      const reached = port === undefined ? undefined : reachedAt(port);
      const news = reached && listed && sameAddress(reached, listed) ? undefined : reached;
      const want = Math.min(request.want, contactsPerSwarmMax, fair);
      return { method: 'renew', args: [peer, news, request.swarms, want, now] };
    }
    case 'leave':
      return { method: 'leave', args: [peer, request.swarm] };
    default:
      return assertNever(request, 'tracker request');
  }
}

/** The reply to `request` that the store's answer makes; `refused` as `refusedUnseen` says. */
export function replyOf(
  answer: StoreAnswer,
  { address }: Pick<Asker, 'address'>,
  refused: readonly (Refusal | null)[],
  intervalMs: number,
): TrackerReply {
  switch (answer.method) {
    case 'register': {
      const rest = [...answer.result];
      const files = refused.map((reason) => verdict(reason ?? rest.shift() ?? null));
      return { type: 'registerReply', files, intervalMs, observed: address };
    }
    case 'list':
      return { type: 'fileListReply', ...answer.result };
    case 'locate': {
      const { body: _, ...located } = answer.result ?? nothingLocated;
      return { type: 'fileLocationsReply', ...located };
    }
    case 'hold':
      return { type: 'chunkRegisterReply', verdict: verdict(answer.result) };
    case 'claim':
      return typeof answer.result === 'string'
        ? { type: 'claimReply', verdict: verdict(answer.result), standings: [] }
        : { type: 'claimReply', verdict: verdict(null), standings: answer.result.standings };
    case 'claims':
      return { type: 'claimListReply', ...(answer.result ?? nothingClaimed) };
    case 'renew':
      return { type: 'announceReply', intervalMs, swarms: answer.result };
    case 'leave':
      return { type: 'leaveReply', removed: answer.result };
    case 'expire':
    case 'derive':
    case 'pin':
      throw new InvariantError(`no request waits for ${answer.method}`);
    default:
      return assertNever(answer, 'store answer');
  }
}

/** What a reply refuses, as often as it does. */
export function refusalsIn(reply: TrackerReply): Refusal[] {
  const verdicts = reply.type === 'registerReply' ? reply.files : 'verdict' in reply ? [reply.verdict] : [];
  return verdicts.flatMap((one) => (one.accepted ? [] : [one.reason]));
}

const nothingLocated = { total: 0, holders: new Uint8Array(0), rarest: [], copies: [], body: new Uint8Array(0) };
const nothingClaimed = { counts: { checkList: 0, chunkList: 0, disputed: 0 }, chunks: [] };

const verdict = (reason: Refusal | null): Verdict =>
  reason === null ? { accepted: true } : { accepted: false, reason };
