// Carries out LinkOrders between any number of nodes in virtual time: the carrier for tests of swarm logic and, with
// a `carry` that models uplinks, for the simulator. It keeps every promise written in links.ts.

import { type Address, formatAddress } from '../address.ts';
import { assertNever, invariant } from '../errors.ts';
import { type LinkCode, type LinkFact, type LinkId, linkId, type LinkOrder, type PeerId, requestId } from '../links.ts';
import type { AskId, RequestId } from '../links.ts';
import { type Machine, Outbox } from '../machine.ts';
import { after, type Instant } from '../time.ts';
import type { Agenda } from './agenda.ts';
import { type Carry, CarryMedium, type Medium, type Parcel } from './medium.ts';

/** A fact for one of the nodes. */
export interface Delivery {
  readonly node: number;
  readonly fact: LinkFact;
}

interface Node {
  address: Address;
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
  readonly requests: Map<RequestId, Requested>;
}

/** A request received, and its answer once that is under way. */
interface Requested {
  readonly ask: AskId;
  answer?: Parcel;
}

const failureMs = 1_000; // how long until a dial to nobody fails, or a dead node's links are noticed
const srttFloorMs = 0.1;
const helloBytes = 100; // what it takes to open a link, one way
const smallBytes = 10; // a message of the carrier's own

/** Nodes that link to one another by address. Orders go in by `perform`; facts come out as deliveries. */
export class LinkNetwork implements Machine<Delivery> {
  readonly #medium: Medium;
  readonly #nodes: Node[] = [];
  readonly #byAddress = new Map<string, number>();
  /** By link: links are numbered from 1 on and found at every step, and most stay. */
  readonly #ends: (End | undefined)[] = [];
  readonly #out = new Outbox<Delivery>();
  #sideOf: (node: number) => number = oneSide;
  #links = 0;
  #requests = 0;

  /** Without `medium`, everything takes one millisecond. */
  constructor(medium: Carry | Medium = (_from, _to, _bytes, now) => after(now, 1)) {
    this.#medium = typeof medium === 'function' ? new CarryMedium(medium) : medium;
  }

  /** What will happen to the nodes. */
  get agenda(): Agenda {
    return this.#medium.agenda;
  }

  addNode(address: Address, peer: PeerId): number {
    const node = this.#nodes.push({ address, peer, up: true }) - 1;
    this.#byAddress.set(formatAddress(address), node);
    return node;
  }

  /** The node vanishes without a word: its links are lost at both ends, the far ends notice later. */
  stopNode(node: number, now: Instant): void {
    this.#nodes[node]!.up = false;
    for (const end of this.#ends) {
      if (end === undefined || end.node !== node || !end.open) continue;
      const far = end.other;
      this.#dropEnd(end, now);
      this.agenda.add(far.node, after(now, failureMs), (at) => this.#closeEnd(far, 'lost', at));
    }
  }

  /** The node is back, with no links. */
  startNode(node: number): void {
    this.#nodes[node]!.up = true;
  }

  /** The node is reached at another address. Its links stay, as those of a carrier that migrates do, and the far ends notice. */
  moveNode(node: number, address: Address, now: Instant): void {
    this.#byAddress.delete(formatAddress(this.#nodes[node]!.address));
    this.#byAddress.set(formatAddress(address), node);
    this.#nodes[node]!.address = address;
    for (const end of this.#ends.values())
      if (end?.node === node)
        this.#send(end, smallBytes, now, (far) => this.#tell(far, { type: 'linkMoved', link: far.link, address }));
  }

  /**
   * From now on a node reaches only those on its side; without sides everybody reaches everybody again. Links from one side
   * to another are lost, and their ends notice later.
   */
  partition(sideOf: ((node: number) => number) | undefined, now: Instant): void {
    this.#sideOf = sideOf ?? oneSide;
    for (const end of this.#ends)
      if (end !== undefined && !this.#reaches(end.node, end.other.node))
        this.agenda.add(end.node, after(now, failureMs), (at) => this.#closeEnd(end, 'lost', at));
  }

  perform(node: number, order: LinkOrder, now: Instant): void {
    if (order.type === 'dial') return this.#dial(node, order, now);
    const end = this.#ends[order.link];
    if (end === undefined || !end.open) return; // closed meanwhile: the caller's fact is on its way
    invariant(end.node === node, 'a node uses its own links');
    switch (order.type) {
      case 'closeLink':
        return this.#close(end, order.code, now);
      case 'sendMessage':
        return this.#sendMessage(end, order.message, now);
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
    return this.agenda.next();
  }

  handleTimeout(now: Instant): void {
    this.agenda.happenUntil(now);
  }

  #dial(node: number, { dial, address, expect }: LinkOrder & { type: 'dial' }, now: Instant): void {
    const far = this.#byAddress.get(formatAddress(address));
    const fail = (code: LinkCode): void => this.#out.push({ node, fact: { type: 'dialFailed', dial, code } });
    const failLater = (at: Instant): void => this.agenda.add(node, after(at, failureMs), () => fail('unreachable'));
    if (far === undefined || !this.#nodes[far]!.up || !this.#reaches(node, far)) return failLater(now);
    const [local, remote] = [this.#nodes[node]!, this.#nodes[far]!];
    this.#transmit(node, far, helloBytes, now, (there) => {
      if (!remote.up || !local.up || !this.#reaches(node, far)) return failLater(there);
      if (expect !== undefined && expect !== remote.peer)
        return this.#transmit(far, node, helloBytes, there, () => fail('authenticationFailed'));
      const [near, distant] = this.#newLink(node, far);
      this.#tell(distant, { type: 'linkOpened', link: distant.link, peer: local.peer, address: local.address });
      this.#transmit(far, node, helloBytes, there, () =>
        this.#tell(near, { type: 'linkOpened', link: near.link, peer: remote.peer, address: remote.address, dial }),
      );
    });
  }

  #sendMessage({ node, other: far }: End, message: Uint8Array, now: Instant): void {
    const fact: LinkFact = { type: 'messageReceived', link: far.link, message };
    this.#transmit(node, far.node, message.length, now, () => this.#tell(far, fact));
  }

  #ask(end: End, { ask, request, bodyBytesMax }: LinkOrder & { type: 'ask' }, now: Instant): void {
    const id = requestId(++this.#requests);
    end.asks.set(ask, { request: id, bodyBytesMax });
    this.#send(end, request.length, now, (far) => {
      if (!end.asks.has(ask)) return;
      far.requests.set(id, { ask });
      this.#tell(far, { type: 'requestReceived', link: far.link, request: id, message: request });
    });
  }

  #cancelAsk(end: End, ask: AskId, now: Instant): void {
    const asked = end.asks.get(ask);
    if (asked === undefined) return;
    end.asks.delete(ask);
    this.#send(end, smallBytes, now, (far, at) => {
      const requested = far.requests.get(asked.request);
      if (requested === undefined) return;
      far.requests.delete(asked.request);
      if (requested.answer !== undefined) this.#medium.cancel(requested.answer, at);
      this.#tell(far, { type: 'requestCancelled', link: far.link, request: asked.request });
    });
  }

  #answer(end: End, order: LinkOrder & { type: 'answer' }, now: Instant): void {
    const { request, head, body = new Uint8Array() } = order;
    const requested = end.requests.get(request);
    if (requested === undefined || requested.answer !== undefined) return;
    const far = end.other;
    const { ask } = requested;
    requested.answer = {
      from: end.node,
      to: far.node,
      bytes: head.length + body.length,
      kind: body.length > 0 ? 'body' : 'message',
      arrive: () => {
        const asked = far.asks.get(ask);
        if (!far.open || asked === undefined) return;
        far.asks.delete(ask);
        const srttMs = Math.max(srttFloorMs, this.#medium.roundTripMs(end.node, far.node));
        if (body.length > asked.bodyBytesMax)
          this.#tell(far, { type: 'askFailed', link: far.link, ask, code: 'tooLarge' });
        else this.#tell(far, { type: 'answerReceived', link: far.link, ask, head, body, srttMs });
      },
      progress: (bodyBytes) => {
        if (far.asks.has(ask)) this.#tell(far, { type: 'answerProgressed', link: far.link, ask, bodyBytes });
      },
      delivered: () => {
        if (end.requests.delete(request)) this.#tell(end, { type: 'answerSent', link: end.link, request });
      },
    };
    if (this.#reaches(end.node, far.node)) this.#medium.send(requested.answer, now);
  }

  #refuse(end: End, request: RequestId, code: LinkCode, now: Instant): void {
    const requested = end.requests.get(request);
    if (requested === undefined || requested.answer !== undefined) return;
    end.requests.delete(request);
    this.#send(end, smallBytes, now, (far) => {
      if (far.asks.delete(requested.ask))
        this.#tell(far, { type: 'askFailed', link: far.link, ask: requested.ask, code });
    });
  }

  #close(end: End, code: LinkCode, now: Instant): void {
    const far = end.other;
    this.#dropEnd(end, now);
    this.#transmit(end.node, far.node, smallBytes, now, (at) => this.#closeEnd(far, code, at));
  }

  /** Sends a message over a link: it is lost if the far end has closed by then. */
  #send(end: End, bytes: number, now: Instant, arrive: (far: End, at: Instant) => void): void {
    const far = end.other;
    this.#transmit(end.node, far.node, bytes, now, (at) => far.open && arrive(far, at));
  }

  #transmit(from: number, to: number, bytes: number, now: Instant, arrive: (at: Instant) => void): void {
    if (this.#reaches(from, to)) this.#medium.send({ from, to, bytes, kind: 'message', arrive }, now);
  }

  #reaches(from: number, to: number): boolean {
    return this.#sideOf(from) === this.#sideOf(to);
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
    this.#ends[near.link] = near;
    this.#ends[far.link] = far;
    return [near, far];
  }

  #closeEnd(end: End, code: LinkCode, now: Instant): void {
    if (!end.open) return;
    this.#tell(end, { type: 'linkClosed', link: end.link, code });
    this.#dropEnd(end, now);
  }

  #dropEnd(end: End, now: Instant): void {
    end.open = false;
    this.#ends[end.link] = undefined;
    for (const { answer } of end.requests.values()) if (answer !== undefined) this.#medium.cancel(answer, now);
    end.requests.clear();
  }

  #tell(end: End, fact: LinkFact): void {
    if (end.open && this.#nodes[end.node]!.up) this.#out.push({ node: end.node, fact });
  }
}

const oneSide = (): number => 0;
