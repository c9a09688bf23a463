// Drives a Noise XX handshake over datagrams that may be lost, doubled or forged. Only the dialler keeps a timer: it
// repeats its last message until it is answered, and each repetition makes the other side repeat its answer. The first
// message is padded to 1,200 bytes, so an answer is never larger than what asked for it: nobody can be flooded
// through us before the address is proved by the third message (which answers random bytes of the second).

import { after, bytesEqual, type Instant, msBetween, NEVER } from '@shoal/machine';
import type { CryptoSuite, KeyPair } from '../crypto.ts';
import { type ConnectionId, noConnectionId, protocolVersion, sameConnectionId, viewOf } from '../packet/header.ts';
import { firstDatagramBytes, type HandshakePacket, retryStep, writeHandshakePacket } from './handshake-packet.ts';
import { NoiseHandshake } from './noise.ts';
import { readParameters, type TransportParameters, writeParameters } from './parameters.ts';
import { type SessionKeys, sessionKeys } from './session-keys.ts';

const repeatMs = 250;
const repeatMsMax = 1_000;
/** Answers looked at between two of our repetitions until one fits: each costs a Diffie-Hellman computation. */
const answersMax = 64;
/**
 * When so many of our repetitions were answered, and each time by the very same message that does not fit, whoever
 * answers means it: another secret, or another identity. A damaged message comes differently the next time.
 */
const misfitsMax = 4;

/** Tokens a dialler takes between two of its own repetitions: forged or damaged ones cannot keep it sending. */
const retriesMax = 4;
/** Longest token a dialler takes. */
const tokenBytesMax = 64;

export interface HandshakerOptions {
  readonly crypto: CryptoSuite;
  readonly keyPair: KeyPair;
  readonly ephemeralKey: KeyPair;
  readonly psk?: Uint8Array;
  readonly parameters: TransportParameters;
  /** Of a dialler: the only identity it wants to meet. */
  readonly expect?: Uint8Array;
}

/** The outcome for both sides. */
export interface HandshakeResult {
  readonly keys: SessionKeys;
  readonly remote: TransportParameters;
  readonly remoteKey: Uint8Array;
  /** The round trip of a message that was sent only once. */
  readonly rttMs: number | undefined;
}

/** What a message did: `finished` comes once a side has authenticated the other; `refused` is final. */
export type HandshakeProgress = 'ignored' | 'answered' | 'finished' | 'refused';

export class Handshaker {
  readonly #options: HandshakerOptions;
  readonly #initiator: boolean;
  /** The dialler's connection id: part of the prologue, so nobody can move a handshake to another connection. */
  readonly #initiatorId: ConnectionId;
  #noise: NoiseHandshake;
  /** Our latest message, sent again whenever asked for. */
  #message: Uint8Array | undefined;
  #step = 0;
  #token: Uint8Array = new Uint8Array();
  #retries = 0;
  #firstMessage: Uint8Array | undefined;
  #answers = 0;
  /** The latest answer that did not fit, how many of our repetitions it answered, and whether it did the latest one. */
  #misfit: Uint8Array | undefined;
  #misfits = 0;
  #misfitHeard = false;
  /** Answering side: the first message is of somebody with a secret where we have none, or the other way round. */
  #mismatched = false;
  #repeatAt: Instant = NEVER;
  #repeatMs = repeatMs;
  #due = false;
  /** When the message that is being answered left; undefined when it left more than once. */
  #sentAt: Instant | undefined;
  #result: HandshakeResult | undefined;
  remoteId: ConnectionId = noConnectionId;

  /** `initiatorId` is given on the answering side. */
  constructor(options: HandshakerOptions, initiatorId?: ConnectionId) {
    this.#options = options;
    this.#initiator = initiatorId === undefined;
    this.#initiatorId = initiatorId ?? options.parameters.connectionId;
    if (initiatorId !== undefined) this.remoteId = initiatorId;
    this.#noise = this.#start();
  }

  get parameters(): TransportParameters {
    return this.#options.parameters;
  }

  /** Of a dialler: the only identity it wants to meet. */
  get expected(): Uint8Array | undefined {
    return this.#options.expect;
  }

  /** Our identity. */
  get localKey(): Uint8Array {
    return this.#options.keyPair.publicKey;
  }

  /** The id we go by. */
  get localId(): ConnectionId {
    return this.#options.parameters.connectionId;
  }

  get result(): HandshakeResult | undefined {
    return this.#result;
  }

  /** True once somebody answered in a way that did not fit key or secret: a better reason than silence. */
  get sawMisfit(): boolean {
    return this.#misfit !== undefined;
  }

  /** Dialler: begins. */
  begin(now: Instant): void {
    this.#say(1, this.#noise.writeMessage(new Uint8Array()), now);
  }

  handlePacket(packet: HandshakePacket, now: Instant): HandshakeProgress {
    if (!this.#initiator && packet.step === 1) return this.#handleFirst(packet, now);
    if (this.#initiator && packet.step === retryStep) return this.#handleRetry(packet);
    if (this.#initiator && packet.step === 2) return this.#handleSecond(packet, now);
    if (!this.#initiator && packet.step === 3) return this.#handleThird(packet, now);
    return 'ignored';
  }

  nextTimeout(): Instant {
    return this.#repeatAt;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#repeatAt) return;
    this.#due = true;
    this.#retries = 0;
    this.#answers = 0;
    this.#misfitHeard = false;
    this.#sentAt = undefined;
    this.#repeatMs = Math.min(2 * this.#repeatMs, repeatMsMax);
    this.#repeatAt = after(now, this.#repeatMs);
  }

  /** Writes the packet that is due; 0 when none is. Takes at least `firstDatagramBytes`. */
  pollTransmit(out: Uint8Array): number {
    if (!this.#due || this.#message === undefined) return 0;
    this.#due = false;
    const packet = {
      to: this.remoteId,
      source: this.localId,
      step: this.#step,
      message: this.#message,
      token: this.#token,
    };
    return writeHandshakePacket(out, packet, this.#step === 1 ? firstDatagramBytes : 0);
  }

  #handleFirst({ message }: HandshakePacket, now: Instant): HandshakeProgress {
    if (this.#firstMessage !== undefined) {
      // Ours was lost, or theirs came twice: answer again what we answered before, and nothing else.
      if (this.#result !== undefined || !bytesEqual(message, this.#firstMessage)) return 'ignored';
      this.#due = true;
      this.#sentAt = undefined;
      return 'answered';
    }
    this.#firstMessage = message;
    this.#mismatched = this.#noise.readMessage(message) === undefined;
    // An empty answer cannot be authentic: it lets an honest dialler tell a wrong secret from nobody there.
    const answer = this.#mismatched
      ? new Uint8Array()
      : this.#noise.writeMessage(writeParameters(this.#options.parameters));
    this.#say(2, answer, now);
    return 'answered';
  }

  /** The remote wants to see that we receive before it does any work for us. */
  #handleRetry({ message }: HandshakePacket): HandshakeProgress {
    if (this.#step !== 1 || this.#retries === retriesMax || message.length > tokenBytesMax) return 'ignored';
    if (bytesEqual(message, this.#token)) return 'ignored';
    this.#retries += 1;
    this.#token = message;
    this.#due = true;
    this.#sentAt = undefined;
    return 'answered';
  }

  #handleSecond(packet: HandshakePacket, now: Instant): HandshakeProgress {
    if (this.#result !== undefined) {
      // It seems not to have ours. An answer is never larger than the question, whoever asks.
      this.#due = sameConnectionId(packet.source, this.remoteId) && packet.message.length >= this.#message!.length;
      return 'ignored';
    }
    if (this.#answers === answersMax) return 'ignored';
    this.#answers += 1;
    const read = this.#read(packet);
    if (read === undefined) return this.#noteMisfit(packet.message);
    const rttMs = this.#rttMs(now);
    this.remoteId = packet.source;
    this.#repeatMs = repeatMs;
    this.#say(3, this.#noise.writeMessage(writeParameters(this.#options.parameters)), now);
    this.#finish(read, rttMs);
    return 'finished';
  }

  #handleThird(packet: HandshakePacket, now: Instant): HandshakeProgress {
    if (this.#result !== undefined || this.#firstMessage === undefined || this.#mismatched) return 'ignored';
    const read = this.#read(packet);
    if (read === undefined) return 'ignored';
    this.#finish(read, this.#rttMs(now));
    return 'finished';
  }

  /**
   * Reads a message that tells who the remote is. Undefined, and nothing has happened, when it is not authentic or of
   * somebody else than expected: who sees the traffic can send such messages, and must not end a dial by them.
   */
  #read({ message, source }: HandshakePacket): Pick<HandshakeResult, 'remote' | 'remoteKey'> | undefined {
    const noise = this.#noise.copy();
    const payload = noise.readMessage(message);
    const remote = payload === undefined ? undefined : readParameters(payload);
    const remoteKey = noise.remoteStatic;
    if (remote === undefined || remoteKey === undefined || !sameConnectionId(remote.connectionId, source))
      return undefined;
    // Before a third message, so that somebody else never learns who dialled.
    if (this.#options.expect !== undefined && !bytesEqual(this.#options.expect, remoteKey)) return undefined;
    this.#noise = noise;
    return { remote, remoteKey };
  }

  #noteMisfit(message: Uint8Array): HandshakeProgress {
    if (this.#misfit === undefined || !bytesEqual(this.#misfit, message)) {
      this.#misfit = message;
      this.#misfits = 0;
      this.#misfitHeard = false;
    }
    if (!this.#misfitHeard) this.#misfits += 1;
    this.#misfitHeard = true;
    return this.#misfits === misfitsMax ? 'refused' : 'ignored';
  }

  #rttMs(now: Instant): number | undefined {
    return this.#sentAt === undefined ? undefined : msBetween(this.#sentAt, now);
  }

  #finish(read: Pick<HandshakeResult, 'remote' | 'remoteKey'>, rttMs: number | undefined): void {
    const keys = sessionKeys(this.#options.crypto, this.#noise.keys(), this.#initiator);
    this.#result = { ...read, keys, rttMs };
  }

  #say(step: number, message: Uint8Array, now: Instant): void {
    this.#step = step;
    this.#message = message;
    this.#due = true;
    this.#sentAt = now;
    if (this.#initiator) this.#repeatAt = after(now, this.#repeatMs);
  }

  #start(): NoiseHandshake {
    const { crypto, keyPair, ephemeralKey, psk } = this.#options;
    const prologue = new Uint8Array(20);
    prologue.set(new TextEncoder().encode(`shoal udp`));
    const view = viewOf(prologue);
    view.setUint8(11, protocolVersion);
    view.setUint32(12, this.#initiatorId.high);
    view.setUint32(16, this.#initiatorId.low);
    return new NoiseHandshake({
      crypto,
      initiator: this.#initiator,
      prologue,
      staticKey: keyPair,
      ephemeralKey,
      // psk2: the dialler notices a wrong secret at the first answer, and can say so at once.
      psks: psk === undefined ? [] : [{ placement: 'psk2', key: psk }],
    });
  }
}
