// What stands behind the transport while it is attacked: a program that uses streams, or one that uses links. For an
// honest remote it does what it should, so that one can see whether the attack changes anything for that one; with all
// others it reads, writes and gives up as the dice fall.

import { type Address, askId, bytesEqual, type Instant, invariant, type LinkFact, type LinkId } from '@shoal/machine';
import { type PeerId, type Rng, seededRng } from '@shoal/machine';
import { type DatagramMachine, Endpoint, type EndpointEvent, LinkCarrier, type Stream } from '../../src/index.ts';
import type { EndpointOptions } from '../../src/endpoint.ts';

/** One machine and the program behind it. */
interface Side {
  readonly machine: DatagramMachine<unknown>;
  readonly endpoint: Endpoint;
  handle(output: unknown): void;
  /** Dials somebody hostile. */
  dial(address: Address, now: Instant): void;
  /** Something of its own accord, with somebody hostile. */
  act(now: Instant): void;
}

/** The remote that asks an honest question, and checks the answer. */
export interface Asker extends Side {
  /** Answers asked for and received in full. */
  readonly answered: number;
  ask(to: Address, expect: PeerId, now: Instant): void;
}

const askBytes = 20_000;
const streamsKept = 64;

/** Echoes honest streams; does anything with others. */
export class StreamSide implements Asker {
  readonly machine: Endpoint;
  answered = 0;
  readonly #rng: Rng;
  readonly #honest: () => PeerId;
  readonly #asked = new Map<Stream, { readonly bytes: Uint8Array; at: number }>();
  #others: Stream[] = [];

  constructor(options: EndpointOptions, rng: Rng, honest: () => PeerId) {
    this.machine = new Endpoint(options);
    this.#rng = rng;
    this.#honest = honest;
  }

  get endpoint(): Endpoint {
    return this.machine;
  }

  dial(address: Address, now: Instant): void {
    this.machine.connect(address, now);
  }

  ask(to: Address, expect: PeerId, now: Instant): void {
    const known = [...this.machine.connections()].find(({ open, peer }) => open && peer === expect);
    if (known === undefined) {
      const dialling = [...this.machine.connections()].some(({ handshaking }) => handshaking);
      if (!dialling) this.machine.connect(to, now, { expect });
      return;
    }
    const stream = known.openStream();
    if (stream === undefined) return;
    const bytes = seededRng(`${this.answered}`).bytes(1 + this.#rng.below(askBytes));
    this.#asked.set(stream, { bytes, at: 0 });
    stream.write(bytes);
    stream.finish();
  }

  handle(output: unknown): void {
    const event = output as EndpointEvent;
    if (!('stream' in event)) return;
    const { stream, connection } = event;
    if (connection.peer !== this.#honest()) return this.#handleOther(stream, event.type);
    if (event.type === 'streamReset') {
      this.#asked.delete(stream); // somebody on the path has damaged too much of it
      return stream.reset(0);
    }
    const asked = this.#asked.get(stream);
    for (let part = stream.read(); part !== undefined; part = stream.read())
      if (asked === undefined) stream.write(part);
      else {
        invariant(bytesEqual(part, asked.bytes.subarray(asked.at, asked.at + part.length)), 'an echo is what was said');
        asked.at += part.length;
      }
    if (stream.receiveState !== 'finished') return;
    if (asked === undefined) return stream.finish();
    invariant(asked.at === asked.bytes.length, 'an echo is whole');
    if (this.#asked.delete(stream)) this.answered += 1;
  }

  act(): void {
    const rng = this.#rng;
    const others = [...this.machine.connections()].filter(({ open, peer }) => open && peer !== this.#honest());
    const opened = rng.pick(others)?.openStream();
    if (opened !== undefined) this.#handleOther(opened, 'streamOpened');
    const stream = rng.pick(this.#others);
    if (stream !== undefined) this.#use(stream);
  }

  #handleOther(stream: Stream, type: string): void {
    if (type === 'streamOpened') this.#others = [...this.#others.slice(1 - streamsKept), stream];
    if (this.#rng.chance(0.5)) this.#use(stream);
  }

  #use(stream: Stream): void {
    const rng = this.#rng;
    switch (rng.below(12)) {
      case 0:
        return stream.reset(rng.below(100));
      case 1:
        return stream.stop(rng.below(100));
      case 2:
        return stream.finish();
      case 3:
      case 4:
        if (stream.queuedBytes < 100_000 && !stream.sending.finishing) stream.write(rng.bytes(rng.below(20_000)));
        return;
      default:
        while (rng.chance(0.9)) {
          const part = stream.read();
          if (part === undefined) return;
          if (rng.chance(0.5)) stream.recycle(part);
        }
    }
  }
}

/** Answers honest requests with themselves; asks, tells and answers others as it likes. */
export class LinkSide implements Asker {
  readonly machine: LinkCarrier;
  answered = 0;
  readonly #rng: Rng;
  readonly #honest: () => PeerId;
  readonly #asked = new Map<number, Uint8Array>();
  readonly #others = new Set<LinkId>();
  #link: LinkId | undefined;
  #dialling = false;
  #asks = 0;
  #now: Instant | undefined;

  constructor(options: EndpointOptions, rng: Rng, honest: () => PeerId) {
    this.machine = new LinkCarrier(options);
    this.#rng = rng;
    this.#honest = honest;
  }

  get endpoint(): Endpoint {
    return this.machine.endpoint;
  }

  dial(address: Address, now: Instant): void {
    this.machine.perform({ type: 'dial', dial: 0, address }, now);
  }

  ask(to: Address, expect: PeerId, now: Instant): void {
    this.#now = now;
    if (this.#link === undefined) {
      if (!this.#dialling) this.machine.perform({ type: 'dial', dial: 1, address: to, expect }, now);
      this.#dialling = true;
      return;
    }
    const request = seededRng(`${this.#asks}`).bytes(this.#rng.below(askBytes));
    this.#asked.set((this.#asks += 1), request);
    const ask = askId(this.#asks);
    this.machine.perform({ type: 'ask', link: this.#link, ask, request, bodyBytesMax: askBytes }, now);
  }

  handle(output: unknown): void {
    const fact = output as LinkFact;
    if (fact.type === 'linkOpened') {
      if (fact.peer === this.#honest()) this.#link = fact.link;
      else this.#others.add(fact.link);
    } else if (fact.type === 'linkClosed') {
      this.#others.delete(fact.link);
      if (fact.link === this.#link) this.#link = undefined;
      if (this.#link === undefined) this.#dialling = false;
    } else if (fact.type === 'dialFailed') this.#dialling &&= fact.dial !== 1;
    else if (fact.type === 'requestReceived') this.#answer(fact);
    else if (fact.type === 'answerReceived') this.#check(fact);
  }

  act(now: Instant): void {
    this.#now = now;
    const link = this.#rng.pick([...this.#others]);
    if (link === undefined) return;
    const request = this.#rng.bytes(this.#rng.below(3_000));
    const ask = askId(1_000_000_000 + this.#rng.below(100));
    switch (this.#rng.below(8)) {
      case 0:
        return this.machine.perform({ type: 'cancelAsk', link, ask }, now);
      case 1:
        this.#others.delete(link);
        return this.machine.perform({ type: 'closeLink', link, code: 'busy' }, now);
      case 2:
      case 3:
        return this.machine.perform({ type: 'sendMessage', link, message: request }, now);
      default:
        return this.machine.perform({ type: 'ask', link, ask, request, bodyBytesMax: 50_000 }, now);
    }
  }

  #answer({ link, request, message }: LinkFact & { type: 'requestReceived' }): void {
    const head = message.subarray(0, 10);
    if (this.#others.has(link) && this.#rng.chance(0.5))
      this.machine.perform({ type: 'refuse', link, request, code: 'notFound' }, this.#now!);
    else this.machine.perform({ type: 'answer', link, request, head, body: message }, this.#now!);
  }

  #check({ ask, body }: LinkFact & { type: 'answerReceived' }): void {
    const asked = this.#asked.get(ask);
    if (asked === undefined) return;
    invariant(bytesEqual(body, asked), 'an answer is what was asked');
    this.#asked.delete(ask);
    this.machine.bodies.give(body);
    this.answered += 1;
  }
}
