// Carries out LinkOrders between any number of nodes in virtual time: the carrier for tests of swarm logic and, with
// a `carry` that models uplinks, for the simulator. It keeps every promise written in links.ts.

import { type Address, formatAddress } from '../address.ts';
import { assertNever, invariant } from '../errors.ts';
import { Heap } from '../heap.ts';
import { type LinkCode, type LinkFact, type LinkId, linkId, type LinkOrder, type PeerId, requestId } from '../links.ts';
import type { AskId, RequestId } from '../links.ts';
import { type Machine, Outbox } from '../machine.ts';
import { after, earliest, type Instant, NEVER } from '../time.ts';

/** A fact for one of the nodes. */
export interface Delivery {
  readonly node: number;
  readonly fact: LinkFact;
}

/** When `bytes` sent by `from` at `now` have arrived at `to`; must not go back in time for the same pair and kind. */
export type Carry = (from: number, to: number, bytes: number, now: Instant, kind: 'message' | 'body') => Instant;

interface Node {
  readonly address: Address;
  readonly peer: PeerId;
  up: boolean;
}

/** One direction's view of a link: both ends share the pair. */
interface End {
  readonly link: LinkId;
  readonly node: number;
  open: boolean;
  other: End;
  readonly asks: Map<AskId, { readonly request: RequestId; readonly bodyBytesMax: number }>;
  readonly requests: Map<RequestId, AskId>;
}

interface Arrival {
  readonly at: Instant;
  readonly order: number;
  readonly happen: (now: Instant) => void;
}

const failureMs = 1_000; // how long until a dial to nobody fails, or a dead node's links are noticed
const srttFloorMs = 0.1;

/** Nodes that link to one another by address. Orders go in by `perform`; facts come out as deliveries. */
export class LinkNetwork implements Machine<Delivery> {
  readonly #carry: Carry;
  readonly #nodes: Node[] = [];
  readonly #byAddress = new Map<string, number>();
  readonly #ends = new Map<LinkId, End>();
  readonly #arrivals = new Heap<Arrival>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  readonly #out = new Outbox<Delivery>();
  #orders = 0;
  #links = 0;
  #requests = 0;

  /** Without `carry`, everything takes one millisecond. */
  constructor(carry: Carry = (_from, _to, _bytes, now) => after(now, 1)) {
    this.#carry = carry;
  }

  addNode(address: Address, peer: PeerId): number {
    const node = this.#nodes.push({ address, peer, up: true }) - 1;
    this.#byAddress.set(formatAddress(address), node);
    return node;
  }

  /** The node vanishes without a word: its links are lost at both ends, the far ends notice later. */
  stopNode(node: number, now: Instant): void {
    this.#nodes[node]!.up = false;
    for (const end of this.#ends.values()) {
      if (end.node !== node || !end.open) continue;
      const far = end.other;
      this.#dropEnd(end);
      this.#later(after(now, failureMs), () => this.#closeEnd(far, 'lost'));
    }
  }

  /** The node is back, with no links. */
  startNode(node: number): void {
    this.#nodes[node]!.up = true;
  }

  perform(node: number, order: LinkOrder, now: Instant): void {
    if (order.type === 'dial') return this.#dial(node, order, now);
    const end = this.#ends.get(order.link);
    if (end === undefined || !end.open) return; // closed meanwhile: the caller's fact is on its way
    invariant(end.node === node, 'a node uses its own links');
    switch (order.type) {
      case 'closeLink':
        return this.#close(end, order.code, now);
      case 'sendMessage':
        return this.#send(end, order.message.length, now, 'message', (far) =>
          this.#tell(far, { type: 'messageReceived', link: far.link, message: order.message }),
        );
      case 'ask':
        return this.#ask(end, order, now);
      case 'cancelAsk':
        return this.#cancelAsk(end, order.ask, now);
      case 'answer':
        return this.#answer(end, order, now);
      case 'refuse':
        return this.#refuse(end, order.request, order.code, now);
      default:
        assertNever(order, 'link order');
    }
  }

  poll(): Delivery | undefined {
    return this.#out.poll();
  }

  nextTimeout(): Instant {
    return earliest(this.#arrivals.peek()?.at ?? NEVER);
  }

  handleTimeout(now: Instant): void {
    for (let next = this.#arrivals.peek(); next !== undefined && next.at <= now; next = this.#arrivals.peek()) {
      this.#arrivals.pop();
      next.happen(next.at);
    }
  }

  #dial(node: number, { dial, address, expect }: LinkOrder & { type: 'dial' }, now: Instant): void {
    const far = this.#byAddress.get(formatAddress(address));
    const fail = (code: LinkCode, at: Instant): void =>
      this.#later(at, () => this.#out.push({ node, fact: { type: 'dialFailed', dial, code } }));
    if (far === undefined || !this.#nodes[far]!.up) return fail('unreachable', after(now, failureMs));
    const there = this.#carry(node, far, 100, now, 'message');
    this.#later(there, () => {
      const remote = this.#nodes[far]!;
      const local = this.#nodes[node]!;
      const back = this.#carry(far, node, 100, there, 'message');
      if (!remote.up || !local.up) return fail('unreachable', after(there, failureMs));
      if (expect !== undefined && expect !== remote.peer) return fail('authenticationFailed', back);
      const [near, distant] = this.#newLink(node, far);
      this.#tell(distant, { type: 'linkOpened', link: distant.link, peer: local.peer, address: local.address });
      this.#later(back, () =>
        this.#tell(near, { type: 'linkOpened', link: near.link, peer: remote.peer, address: remote.address, dial }),
      );
    });
  }

  #ask(end: End, { ask, request, bodyBytesMax }: LinkOrder & { type: 'ask' }, now: Instant): void {
    const id = requestId(++this.#requests);
    end.asks.set(ask, { request: id, bodyBytesMax });
    this.#send(end, request.length, now, 'message', (far) => {
      if (!end.asks.has(ask)) return;
      far.requests.set(id, ask);
      this.#tell(far, { type: 'requestReceived', link: far.link, request: id, message: request });
    });
  }

  #cancelAsk(end: End, ask: AskId, now: Instant): void {
    const asked = end.asks.get(ask);
    if (asked === undefined) return;
    end.asks.delete(ask);
    this.#send(end, 10, now, 'message', (far) => {
      if (far.requests.delete(asked.request))
        this.#tell(far, { type: 'requestCancelled', link: far.link, request: asked.request });
    });
  }

  #answer(end: End, order: LinkOrder & { type: 'answer' }, now: Instant): void {
    const { request, head, body = new Uint8Array() } = order;
    const ask = end.requests.get(request);
    if (ask === undefined) return;
    const kind = body.length > 0 ? 'body' : 'message';
    this.#send(end, head.length + body.length, now, kind, (far, at) => {
      if (end.open && end.requests.delete(request)) this.#tell(end, { type: 'answerSent', link: end.link, request });
      const asked = far.asks.get(ask);
      if (asked === undefined) return;
      far.asks.delete(ask);
      const srttMs = Math.max(srttFloorMs, 2 * (this.#carry(end.node, far.node, 0, at, 'message') - at));
      if (body.length > asked.bodyBytesMax)
        this.#tell(far, { type: 'askFailed', link: far.link, ask, code: 'tooLarge' });
      else this.#tell(far, { type: 'answerReceived', link: far.link, ask, head, body, srttMs });
    });
  }

  #refuse(end: End, request: RequestId, code: LinkCode, now: Instant): void {
    const ask = end.requests.get(request);
    if (ask === undefined) return;
    end.requests.delete(request);
    this.#send(end, 10, now, 'message', (far) => {
      if (far.asks.delete(ask)) this.#tell(far, { type: 'askFailed', link: far.link, ask, code });
    });
  }

  #close(end: End, code: LinkCode, now: Instant): void {
    const far = end.other;
    const at = this.#carry(end.node, far.node, 10, now, 'message');
    this.#dropEnd(end);
    this.#later(at, () => this.#closeEnd(far, code));
  }

  #send(
    end: End,
    bytes: number,
    now: Instant,
    kind: 'message' | 'body',
    arrive: (far: End, at: Instant) => void,
  ): void {
    const far = end.other;
    const at = this.#carry(end.node, far.node, bytes, now, kind);
    this.#later(at, () => far.open && arrive(far, at));
  }

  #newLink(a: number, b: number): [End, End] {
    const make = (node: number): Omit<End, 'other'> => ({
      link: linkId(++this.#links),
      node,
      open: true,
      asks: new Map(),
      requests: new Map(),
    });
    const near = make(a) as End;
    const far = make(b) as End;
    near.other = far;
    far.other = near;
    this.#ends.set(near.link, near);
    this.#ends.set(far.link, far);
    return [near, far];
  }

  #closeEnd(end: End, code: LinkCode): void {
    if (!end.open) return;
    this.#tell(end, { type: 'linkClosed', link: end.link, code });
    this.#dropEnd(end);
  }

  #dropEnd(end: End): void {
    end.open = false;
    this.#ends.delete(end.link);
  }

  #tell(end: End, fact: LinkFact): void {
    if (end.open && this.#nodes[end.node]!.up) this.#out.push({ node: end.node, fact });
  }

  #later(at: Instant, happen: (now: Instant) => void): void {
    this.#arrivals.push({ at, order: this.#orders++, happen });
  }
}
