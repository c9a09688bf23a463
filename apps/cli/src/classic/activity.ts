// What a peer of the classic exercises must tell of: each chunk, each list of chunk ids and each request that comes or goes.
// All of it passes on the links, so it is read off there, on its way between the peer and its carrier. Ids count from 1, as
// in summary.txt.

import {
  type Address,
  Bitfield,
  formatAddress,
  type LinkFact,
  type LinkId,
  type LinkOrder,
  type LinkPort,
} from '@shoal/machine';
import { decode, type PeerMessage } from '@shoal/wire';
import type { Output } from '../output.ts';
import { formatRanges } from '../text/ranges.ts';

/** What happened, with how a person is told of it. */
const words = {
  chunkReceived: ['received chunk', 'from'],
  chunkSent: ['sent chunk', 'to'],
  listReceived: ['received a chunk-id list', 'from'],
  listSent: ['sent a chunk-id list', 'to'],
  chunkRequested: ['requested chunk', 'from'],
  requestReceived: ['received a request for chunk', 'from'],
} as const;

export interface Activity {
  readonly event: keyof typeof words;
  /** The one chunk, or those of the list; from 1 on. */
  readonly ids: readonly number[];
  readonly remote: Address;
}

/** One line for people, one event for scripts. */
export function tellActivity({ event, ids, remote }: Activity, output: Pick<Output, 'data' | 'event'>): void {
  const [what, preposition] = words[event];
  const who = `${preposition} ${formatAddress(remote)}`;
  const isList = event === 'listReceived' || event === 'listSent';
  output.data(isList ? `${what} ${who}: ${formatIds(ids)}` : `${what} ${ids[0]} ${who}`);
  output.event({ event, ids, remote: formatAddress(remote) });
}

export function formatIds(ids: readonly number[]): string {
  const bits = new Bitfield(Math.max(0, ...ids) + 1);
  for (const id of ids) bits.set(id);
  return formatRanges(bits);
}

/** Links that tell what happens on them. */
export class WatchedLinks implements LinkPort {
  readonly #links: LinkPort;
  readonly #tell: (activity: Activity) => void;
  readonly #remotes = new Map<LinkId, Address>();
  /** The chunk of each of our requests that is under way, and of each request made to us. */
  readonly #asked = new Map<number, number>();
  readonly #requested = new Map<number, number>();

  constructor(links: LinkPort, tell: (activity: Activity) => void) {
    this.#links = links;
    this.#tell = tell;
  }

  get peer(): LinkPort['peer'] {
    return this.#links.peer;
  }

  get address(): Address {
    return this.#links.address;
  }

  perform(order: LinkOrder): void {
    this.#ordered(order);
    this.#links.perform(order);
  }

  listen(handle: (fact: LinkFact) => void): void {
    this.#links.listen((fact) => {
      this.#happened(fact);
      handle(fact);
    });
  }

  lend(bytes: number): Uint8Array {
    return this.#links.lend?.(bytes) ?? new Uint8Array(bytes);
  }

  recycle(body: Uint8Array): void {
    this.#links.recycle?.(body);
  }

  close(): Promise<void> {
    return this.#links.close();
  }

  #ordered(order: LinkOrder): void {
    if (order.type === 'sendMessage') this.#list('listSent', order.link, order.message);
    if (order.type === 'ask') {
      const chunk = this.#request('chunkRequested', order.link, order.request);
      if (chunk !== undefined) this.#asked.set(order.ask, chunk);
    }
    if (order.type === 'cancelAsk') this.#asked.delete(order.ask);
    if (order.type === 'refuse') this.#requested.delete(order.request);
  }

  #happened(fact: LinkFact): void {
    switch (fact.type) {
      case 'linkOpened':
        return void this.#remotes.set(fact.link, fact.address);
      case 'linkClosed':
        return void this.#remotes.delete(fact.link);
      case 'messageReceived':
        return this.#list('listReceived', fact.link, fact.message);
      case 'requestReceived': {
        const chunk = this.#request('requestReceived', fact.link, fact.message);
        if (chunk !== undefined) this.#requested.set(fact.request, chunk);
        return;
      }
      case 'requestCancelled':
        return void this.#requested.delete(fact.request);
      case 'answerReceived':
        return this.#moved('chunkReceived', fact.link, this.#asked, fact.ask);
      case 'askFailed':
        return void this.#asked.delete(fact.ask);
      case 'answerSent':
        return this.#moved('chunkSent', fact.link, this.#requested, fact.request);
      default:
    }
  }

  #moved(event: Activity['event'], link: LinkId, table: Map<number, number>, key: number): void {
    const chunk = table.get(key);
    table.delete(key);
    if (chunk !== undefined) this.#say(event, link, [chunk]);
  }

  /** The chunk that the request is for. */
  #request(event: Activity['event'], link: LinkId, bytes: Uint8Array): number | undefined {
    const decoded = decode(bytes);
    if (!decoded.ok || decoded.message.type !== 'chunkRequest') return undefined;
    this.#say(event, link, [decoded.message.chunk]);
    return decoded.message.chunk;
  }

  #list(event: Activity['event'], link: LinkId, bytes: Uint8Array): void {
    const decoded = decode(bytes);
    const chunks = decoded.ok ? chunksIn(decoded.message as PeerMessage) : undefined;
    if (chunks !== undefined) this.#say(event, link, chunks);
  }

  #say(event: Activity['event'], link: LinkId, chunks: readonly number[]): void {
    const remote = this.#remotes.get(link);
    if (remote !== undefined) this.#tell({ event, remote, ids: chunks.map((chunk) => chunk + 1) });
  }
}

/** The chunks that a message lists; undefined when it is no list. A join without bits comes from who knows no chunks yet. */
function chunksIn(message: PeerMessage): readonly number[] | undefined {
  if (message.type === 'have') return message.chunks;
  if (message.type !== 'join' || message.bits.length === 0) return undefined;
  return [...Bitfield.fromBytes(message.bits, message.bits.length * 8)!.ones()];
}
