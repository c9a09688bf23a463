// One link: a connection with a message stream (opened by the dialler) and one stream for each exchange.

import {
  type AskId,
  type Instant,
  type LinkCode,
  type LinkFact,
  type LinkId,
  linkMessageBytesMax,
  type LinkOrder,
  type RequestId,
  UsageError,
  type SendLimits,
} from '@shoal/machine';
import type { Reason } from '../codes.ts';
import type { Connection } from '../connection/connection.ts';
import type { StreamEvent } from '../connection/stream-table.ts';
import type { Stream } from '../streams/stream.ts';
import type { BodyMemory } from './body-memory.ts';
import { AnswerReader, frameAnswer, frameMessage, linkVersion, MessageReader, RequestReader } from './framing.ts';
import { linkCodeNumber, linkCodeOf } from './link-reasons.ts';

/** What lies unsent for a remote that does not take its messages; more closes the link with `busy`. */
export const messageQueueBytesMax: number = 4 * 2 ** 20;
/** Asks that wait for the remote to take more streams; further ones fail with `busy`. */
export const asksWaitingMax = 4_096;

const progressStepBytes = 131_072;

interface AskState {
  readonly kind: 'ask';
  readonly ask: AskId;
  readonly reader: AnswerReader;
  toldBytes: number;
}

interface RequestState {
  readonly kind: 'request';
  readonly request: RequestId;
  readonly reader: RequestReader;
  received: boolean;
  answered: boolean;
  /** Those of the connection when it was answered. */
  limitsBefore?: SendLimits;
}

interface MessagesState {
  readonly kind: 'messages';
}

type StreamState = AskState | RequestState | MessagesState;

/** What a link asks of its carrier. */
export interface LinkOwner {
  readonly bodies: BodyMemory;
  tell(fact: LinkFact): void;
  nextRequest(): RequestId;
  /** The remote broke the rules, or does not keep up: close the link, telling both sides `code`. */
  fail(link: Link, code: LinkCode): void;
}

export class Link {
  readonly id: LinkId;
  readonly connection: Connection;
  readonly #owner: LinkOwner;
  readonly #messageReader = new MessageReader();
  #messages: Stream | undefined;
  /** Of an answering side that has not seen the message stream yet. */
  readonly #messagesWaiting: Uint8Array[] = [];
  #messagesWaitingBytes = 0;
  readonly #asks = new Map<AskId, Stream>();
  readonly #requests = new Map<RequestId, Stream>();
  readonly #asksWaiting = new Map<AskId, LinkOrder & { type: 'ask' }>();

  constructor(id: LinkId, connection: Connection, owner: LinkOwner) {
    this.id = id;
    this.connection = connection;
    this.#owner = owner;
    if (connection.dialler) this.#useMessages(connection.openStream());
  }

  // Orders

  send(message: Uint8Array): void {
    checkSize(message, 'message');
    const queued = this.#messages?.queuedBytes ?? this.#messagesWaitingBytes;
    if (queued + message.length > messageQueueBytesMax) return this.#owner.fail(this, 'busy');
    if (this.#messages !== undefined) return this.#messages.write(frameMessage(message));
    this.#messagesWaiting.push(message);
    this.#messagesWaitingBytes += message.length;
  }

  ask(order: LinkOrder & { type: 'ask' }): void {
    checkSize(order.request, 'request');
    if (this.#asksWaiting.size > 0 || !this.#startAsk(order)) this.#asksWaiting.set(order.ask, order);
    if (this.#asksWaiting.size <= asksWaitingMax) return;
    this.#asksWaiting.delete(order.ask);
    this.#owner.tell({ type: 'askFailed', link: this.id, ask: order.ask, code: 'busy' });
  }

  cancelAsk(ask: AskId): void {
    this.#asksWaiting.delete(ask);
    const stream = this.#asks.get(ask);
    this.#asks.delete(ask);
    if (stream !== undefined) giveUp(stream, 'cancelled');
  }

  answer(request: RequestId, head: Uint8Array, body: Uint8Array): void {
    checkSize(head, 'head');
    const stream = this.#requests.get(request);
    if (stream === undefined) return; // cancelled meanwhile
    const state = stream.context as RequestState;
    if (state.answered) return;
    state.answered = true;
    state.limitsBefore = this.connection.sendLimits;
    stream.priority = body.length > 0 ? 2 : 1;
    stream.write(frameAnswer(head.length, body.length));
    stream.write(head);
    stream.write(body);
    stream.finish();
  }

  refuse(request: RequestId, code: LinkCode): void {
    const stream = this.#requests.get(request);
    if (stream === undefined || (stream.context as RequestState).answered) return;
    this.#requests.delete(request);
    giveUp(stream, code);
  }

  /** What was sent and answered still arrives, within limits; nothing else is wanted. */
  close(code: LinkCode, now: Instant): void {
    for (const stream of this.#asks.values()) giveUp(stream, 'cancelled');
    for (const stream of this.#requests.values()) if (!(stream.context as RequestState).answered) giveUp(stream, code);
    this.connection.close(now, linkCodeNumber(code), { flush: true });
  }

  // Events

  handle(event: StreamEvent): void {
    switch (event.type) {
      case 'streamOpened':
        return this.#accept(event.stream);
      case 'streamReadable':
        return this.#read(event.stream);
      case 'streamFinished':
        return this.#finished(event.stream);
      case 'streamReset':
      case 'streamStopped':
        return this.#givenUp(event.stream, event.reason, event.type === 'streamStopped');
      case 'streamsAvailable':
        return this.#startWaiting();
      case 'streamWritable':
        return; // never asked for
      default:
        event satisfies never;
    }
  }

  #accept(stream: Stream): void {
    // The dialler's first stream is the message stream; streams arrive in any order, ids tell.
    if (stream.id === 0) return this.#useMessages(stream);
    const state: RequestState = {
      kind: 'request',
      request: this.#owner.nextRequest(),
      reader: new RequestReader(),
      received: false,
      answered: false,
    };
    stream.context = state;
    this.#requests.set(state.request, stream);
  }

  #useMessages(stream: Stream | undefined): void {
    if (stream === undefined) return;
    this.#messages = stream;
    stream.context = { kind: 'messages' } satisfies MessagesState;
    stream.priority = 0;
    stream.write(Uint8Array.of(linkVersion));
    for (const message of this.#messagesWaiting.splice(0)) stream.write(frameMessage(message));
  }

  #startAsk(order: LinkOrder & { type: 'ask' }): boolean {
    const stream = this.connection.openStream();
    if (stream === undefined) return false;
    stream.context = {
      kind: 'ask',
      ask: order.ask,
      reader: new AnswerReader(order.bodyBytesMax, this.#owner.bodies),
      toldBytes: 0,
    } satisfies AskState;
    this.#asks.set(order.ask, stream);
    stream.write(order.request);
    stream.finish();
    return true;
  }

  #startWaiting(): void {
    for (const [ask, order] of this.#asksWaiting) {
      if (!this.#startAsk(order)) return;
      this.#asksWaiting.delete(ask);
    }
  }

  #read(stream: Stream): void {
    const state = stream.context as StreamState;
    for (let part = stream.read(); part !== undefined; part = stream.read()) {
      if (state.kind === 'messages') this.#readMessages(part);
      else if (state.kind === 'ask') this.#readAnswer(stream, state, part);
      else if (!state.reader.push(part)) return this.refuse(state.request, 'tooLarge');
      stream.recycle(part); // the readers copy what they keep
    }
    if (stream.receiveState === 'finished') this.#readEnd(stream, state);
  }

  #readMessages(part: Uint8Array): void {
    const tell = (message: Uint8Array): void => this.#owner.tell({ type: 'messageReceived', link: this.id, message });
    if (!this.#messageReader.push(part, tell)) this.#owner.fail(this, 'protocolViolated');
  }

  #readAnswer(stream: Stream, state: AskState, part: Uint8Array): void {
    const { ask, reader } = state;
    if (!this.#asks.has(ask)) return; // more than was announced, or cancelled
    const progress = reader.push(part);
    if (progress === 'more') return this.#tellProgress(state);
    this.#asks.delete(ask);
    if (progress === 'whole') {
      const { head, body } = reader;
      const { srttMs } = this.connection.stats;
      this.#owner.tell({ type: 'answerReceived', link: this.id, ask, head, body, srttMs });
      return;
    }
    giveUp(stream, progress);
    this.#owner.tell({ type: 'askFailed', link: this.id, ask, code: progress });
  }

  #tellProgress(state: AskState): void {
    const { bodyBytes } = state.reader;
    if (bodyBytes - state.toldBytes < progressStepBytes) return;
    state.toldBytes = bodyBytes;
    this.#owner.tell({ type: 'answerProgressed', link: this.id, ask: state.ask, bodyBytes });
  }

  #readEnd(stream: Stream, state: StreamState): void {
    if (state.kind === 'messages') return this.#owner.fail(this, 'protocolViolated'); // it ends with the link
    if (state.kind === 'ask') {
      // The end before the announced bytes.
      if (this.#asks.delete(state.ask))
        this.#owner.tell({ type: 'askFailed', link: this.id, ask: state.ask, code: 'protocolViolated' });
      return;
    }
    if (state.received) return;
    state.received = true;
    this.#owner.tell({
      type: 'requestReceived',
      link: this.id,
      request: state.request,
      message: state.reader.take(),
    });
  }

  #finished(stream: Stream): void {
    const state = stream.context as StreamState;
    if (state.kind !== 'request' || !this.#requests.delete(state.request)) return;
    const { limitsBefore: before, request } = state;
    const { congestionMs, receiverMs } = this.connection.sendLimits;
    const limits = before && {
      congestionMs: congestionMs - before.congestionMs,
      receiverMs: receiverMs - before.receiverMs,
    };
    this.#owner.tell({ type: 'answerSent', link: this.id, request, ...(limits && { limits }) });
  }

  /** Either direction of an exchange given up ends the exchange. */
  #givenUp(stream: Stream, reason: Reason, stopped: boolean): void {
    const state = stream.context as StreamState;
    const code = linkCodeOf(reason);
    if (state.kind === 'messages') return this.#owner.fail(this, code === 'damaged' ? code : 'protocolViolated');
    if (state.kind === 'ask') {
      if (stopped && reason !== 'damaged') return; // the reset that tells why is on its way
      if (!this.#asks.delete(state.ask)) return;
      giveUp(stream, code);
      return this.#owner.tell({ type: 'askFailed', link: this.id, ask: state.ask, code });
    }
    if (!this.#requests.delete(state.request)) return;
    giveUp(stream, code);
    if (state.received) this.#owner.tell({ type: 'requestCancelled', link: this.id, request: state.request });
  }
}

function giveUp(stream: Stream, code: LinkCode): void {
  stream.reset(linkCodeNumber(code));
  stream.stop(linkCodeNumber(code));
}

function checkSize(bytes: Uint8Array, option: string): void {
  if (bytes.length > linkMessageBytesMax)
    throw new UsageError(option, `must be at most ${linkMessageBytesMax} bytes, not ${bytes.length}`);
}
