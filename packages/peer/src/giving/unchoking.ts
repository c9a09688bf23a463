// Who may ask us for a chunk, and how often: everybody is choked but for the requests it was unchoked for. No more are
// unchoked than our uplink can soon serve, so a remote asks whoever has an uplink to spare first instead of queueing
// where a chunk was seen first, and chooses the chunk at that moment. In turn among those who want something and gave
// us most, with every fourth turn for anybody: tit for tat with optimistic unchoking (Cohen, "Incentives build robustness
// in BitTorrent", 2003). Who gives much passes on much, so what a slow uplink alone holds spreads from its first copy. For an owner, first whoever has passed on what it was given.

import { after, earliest, type Instant, instant, NEVER } from '@shoal/machine';
import type { Remote } from '../remote.ts';

const lapseMs = 300; // a request that was not made for so long no longer keeps others from being unchoked; it is still served
const idleMs = 2_000; // who has left one lie for so long after that is given no more until it has made or given back all
const optimisticEach = 4; // every so many turns it does not matter who deserves it: so newcomers get something to give
const mostShare = 0.5; // who gave half of what the most generous one gave is as good: equals take turns
const leftoverMs = 2_000; // who deserves nothing gets what is left over when nobody else has wanted it for so long
const allowanceMax = 256; // unused requests of one remote; no more are given

/** What one remote may ask of us. */
interface Client {
  readonly remote: Remote;
  /** Requests it was unchoked for and has not made. */
  allowance: number;
  /** Those of them that may come any moment. */
  expected: number;
  lapsesAt: Instant;
}

export interface UnchokingOptions {
  /** Tells the remote. */
  readonly unchoke: (remote: Remote, requests: number) => void;
  /** Called before each request that is allowed: false when the remote should have none now. */
  readonly mayAsk: (remote: Remote, allowance: number, now: Instant) => boolean;
  /** Among those who want something, the ones with the lowest rank come first; in turn unless given. */
  readonly rank?: ((remote: Remote) => number) | undefined;
  /** In turn come those that deserve it: the others only now and then, or when nobody who deserves it wants anything. */
  readonly deserves?: ((remote: Remote) => boolean) | undefined;
  /** What the remote gave us: among those that deserve it, those that gave most come first. */
  readonly gave?: ((remote: Remote) => number) | undefined;
}

export class Unchoking {
  readonly #options: UnchokingOptions;
  readonly #clients = new Map<Remote, Client>();
  /** Who wants something, in the order of their turns. */
  readonly #turns = new Set<Client>();
  #lapseAt: Instant = NEVER;
  /** Turns of those that deserve them, since the last one that anybody had. */
  #deservedTurns = 0;
  #deservedAt: Instant = instant(0);
  #leftoverAt: Instant = NEVER;
  /** Requests that may come any moment. */
  expected = 0;

  constructor(options: UnchokingOptions) {
    this.#options = options;
  }

  /** The remote wants something of us, or nothing for now. */
  setInterest(remote: Remote, isInterested: boolean): void {
    let client = this.#clients.get(remote);
    if (client === undefined) {
      client = { remote, allowance: 0, expected: 0, lapsesAt: NEVER };
      this.#clients.set(remote, client);
    }
    if (isInterested) this.#turns.add(client);
    else this.#turns.delete(client);
  }

  /** The remote will not make so many of the requests that it was unchoked for. */
  giveBack(remote: Remote, requests: number): void {
    const client = this.#clients.get(remote);
    if (client === undefined) return;
    client.allowance = Math.max(0, client.allowance - requests);
    this.#expect(client, -Math.min(client.expected, requests));
  }

  remove(remote: Remote): void {
    const client = this.#clients.get(remote);
    if (client === undefined) return;
    this.#turns.delete(client);
    this.#expect(client, -client.expected);
    this.#clients.delete(remote);
  }

  /** The remote makes a request; false when it is choked. */
  use(remote: Remote): boolean {
    const client = this.#clients.get(remote);
    if (client === undefined || client.allowance === 0) return false;
    client.allowance -= 1;
    if (client.expected > 0) this.#expect(client, -1);
    return true;
  }

  /** Allows `requests` more, as far as somebody may have them. */
  unchoke(requests: number, now: Instant): void {
    if (requests < 1) return; // as after nearly every fact
    const allowed = new Map<Client, number>();
    const passed = new Set<Client>();
    for (let left = requests; left > 0;) {
      const client = this.#next(passed, now);
      if (client === undefined) break;
      this.#turns.delete(client);
      this.#turns.add(client);
      if (
        isIdle(client, now) ||
        client.allowance >= allowanceMax ||
        !this.#options.mayAsk(client.remote, client.allowance, now)
      ) {
        passed.add(client);
        continue;
      }
      this.#allow(client, now);
      allowed.set(client, (allowed.get(client) ?? 0) + 1);
      left -= 1;
    }
    for (const [client, count] of allowed) this.#options.unchoke(client.remote, count);
  }

  nextTimeout(): Instant {
    return earliest(this.#lapseAt, this.#leftoverAt);
  }

  handleTimeout(now: Instant): void {
    if (now >= this.#leftoverAt) this.#leftoverAt = NEVER;
    if (now < this.#lapseAt) return;
    this.#lapseAt = NEVER;
    for (const client of this.#clients.values()) {
      if (client.expected === 0) continue;
      if (client.lapsesAt <= now) this.#expect(client, -client.expected);
      else this.#lapseAt = earliest(this.#lapseAt, client.lapsesAt);
    }
  }

  #next(passed: ReadonlySet<Client>, now: Instant): Client | undefined {
    const { rank } = this.#options;
    return rank === undefined ? this.#nextInTurn(passed, now) : this.#lowest(passed, rank);
  }

  #lowest(passed: ReadonlySet<Client>, rank: (remote: Remote) => number): Client | undefined {
    let [best, bestRank]: [Client | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
    for (const client of this.#turns) {
      if (passed.has(client)) continue;
      const own = rank(client.remote) + client.allowance;
      if (own < bestRank) [best, bestRank] = [client, own];
    }
    return best;
  }

  #nextInTurn(passed: ReadonlySet<Client>, now: Instant): Client | undefined {
    const { deserves = () => true, gave = () => 0 } = this.#options;
    if (this.#deservedTurns >= optimisticEach - 1) return this.#anybody(passed);
    const [deserving, skipped]: [Client[], Client[]] = [[], []];
    let most = 0;
    for (const client of this.#turns) {
      if (passed.has(client)) continue;
      const isDeserving = deserves(client.remote);
      (isDeserving ? deserving : skipped).push(client);
      if (isDeserving) most = Math.max(most, gave(client.remote));
    }
    const next = deserving.find(({ remote }) => gave(remote) >= mostShare * most);
    if (next !== undefined) {
      for (const other of skipped) this.#toTheEnd(other);
      this.#deservedTurns += 1;
      this.#deservedAt = now;
      return next;
    }
    const leftoverAt = after(this.#deservedAt, leftoverMs);
    this.#leftoverAt = skipped.length > 0 && now < leftoverAt ? leftoverAt : NEVER;
    return now < leftoverAt ? undefined : skipped[0];
  }

  /** These turns have an order of their own, so that each has its share of them, however often it wants something. */
  #anybody(passed: ReadonlySet<Client>): Client | undefined {
    for (const client of this.#clients.values()) {
      if (!this.#turns.has(client) || passed.has(client)) continue;
      this.#deservedTurns = 0;
      this.#clients.delete(client.remote);
      this.#clients.set(client.remote, client);
      return client;
    }
    return undefined;
  }

  #toTheEnd(client: Client): void {
    this.#turns.delete(client);
    this.#turns.add(client);
  }

  #allow(client: Client, now: Instant): void {
    client.allowance += 1;
    this.#expect(client, 1);
    client.lapsesAt = after(now, lapseMs);
    this.#lapseAt = earliest(this.#lapseAt, client.lapsesAt);
  }

  #expect(client: Client, more: number): void {
    client.expected += more;
    this.expected += more;
  }
}

/** A frozen remote would otherwise be waited for again and again. */
const isIdle = ({ allowance, lapsesAt }: Client, now: Instant): boolean =>
  allowance > 0 && now >= after(lapsesAt, idleMs);
