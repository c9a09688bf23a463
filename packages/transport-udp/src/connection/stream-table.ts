// All streams of a connection: who may open how many, whose turn it is to send, and the windows they share.
// Ids count up by two; the lowest bit says who opened the stream (0: the dialler).

import { assertNever, type Instant, RangeSet } from '@shoal/machine';
import { reasonFromWire, reasonToWire, applicationCodes, type Reason } from '../codes.ts';
import type { SessionKeys } from '../handshake/session-keys.ts';
import type { BulkHeader } from '../packet/header.ts';
import type { TransportParameters } from '../handshake/parameters.ts';
import { ReceiveWindow, SendCredit } from '../streams/flow-control.ts';
import { type Grants, type ReceiveContext, ReceiveStream } from '../streams/receive-stream.ts';
import type { RecordMemory } from '../streams/record.ts';
import { type Piece, type SendContext, SendStream } from '../streams/send-stream.ts';
import { Stream, type StreamOwner, streamPriorities } from '../streams/stream.ts';
import type { ControlQueue, WindowSource } from './control-queue.ts';

/** What happens on streams. `reset` and `stopped` carry the remote's number, or a reason of the transport's own. */
export type StreamEvent =
  | { readonly type: 'streamOpened'; readonly stream: Stream }
  | { readonly type: 'streamReadable'; readonly stream: Stream }
  | { readonly type: 'streamWritable'; readonly stream: Stream }
  /** The remote has everything we wrote, and our end. */
  | { readonly type: 'streamFinished'; readonly stream: Stream }
  | { readonly type: 'streamReset'; readonly stream: Stream; readonly reason: Reason }
  | { readonly type: 'streamStopped'; readonly stream: Stream; readonly reason: Reason }
  /** After `openStream` answered undefined: the remote takes more streams now. */
  | { readonly type: 'streamsAvailable' };

/** Ids have 32 bits, the lowest for who opened: after two thousand million streams a new connection is needed. */
const streamsEverMax = 2 ** 31;

export interface StreamTableOptions {
  readonly dialler: boolean;
  readonly keys: SessionKeys;
  readonly local: TransportParameters;
  readonly remote: TransportParameters;
  /** What the windows told in `local` may grow to. */
  readonly windowsMax: Pick<TransportParameters, 'streamWindowBytes' | 'connectionWindowBytes'>;
  readonly memory: RecordMemory;
  readonly control: ControlQueue;
  /** The round trip to the remote, as it is known by now. */
  readonly rttMs: () => number;
  readonly emit: (event: StreamEvent) => void;
  /** Something wants to leave. */
  readonly wake: () => void;
}

export class StreamTable implements StreamOwner, WindowSource {
  readonly #options: StreamTableOptions;
  readonly #streams = new Map<number, Stream>();
  /** Streams with something to send, by priority, in the order of their turns. */
  readonly #sendable: Set<Stream>[] = Array.from({ length: streamPriorities }, () => new Set<Stream>());
  readonly #heldBack = new Set<Stream>();
  readonly #sendContext: SendContext;
  readonly #receiveContext: ReceiveContext;
  readonly #grants: Grants = { stream: false, connection: false };
  readonly #localBit: number;
  #opened = 0;
  #openMax: number;
  #openRefused = false;
  /** Counts of the remote's streams, not ids. */
  readonly #remoteClosed = new RangeSet();
  #remoteClosedCount = 0;
  #remoteMax: number;

  constructor(options: StreamTableOptions) {
    const { keys, local, remote, memory, windowsMax } = options;
    this.#options = options;
    this.#localBit = options.dialler ? 0 : 1;
    this.#openMax = remote.remoteStreamsMax;
    this.#remoteMax = local.remoteStreamsMax;
    const credit = new SendCredit(remote.connectionWindowBytes, windowsMax.connectionWindowBytes);
    this.#sendContext = { aead: keys.sending.record, memory, credit, resentBytes: 0 };
    const window = new ReceiveWindow(local.connectionWindowBytes, windowsMax.connectionWindowBytes);
    this.#receiveContext = { aead: keys.receiving.record, memory, window, recordsHeld: 0 };
  }

  /** All streams that are not over in both directions. */
  all(): IterableIterator<Stream> {
    return this.#streams.values();
  }

  /** Sealed bytes of all streams so far. */
  get sealedBytes(): number {
    return this.#sendContext.credit.used;
  }

  /** … and of those that left more than once. */
  get resentBytes(): number {
    return this.#sendContext.resentBytes;
  }

  /** True when nothing written on any stream waits to be sent or acknowledged. */
  get idle(): boolean {
    for (const stream of this.#streams.values()) if (!stream.sending.idle) return false;
    return true;
  }

  /** True when the rest of a record is on its way, or kept from us. */
  get midRecord(): boolean {
    for (const stream of this.#streams.values()) if (stream.receiving.midRecord) return true;
    return false;
  }

  /** A new stream; undefined while the remote takes no more. */
  open(): Stream | undefined {
    if (this.#opened >= this.#openMax) {
      this.#openRefused = true;
      return undefined;
    }
    this.#opened += 1;
    return this.#create(2 * (this.#opened - 1) + this.#localBit, true);
  }

  // What arrives

  /**
   * Takes a piece in. `acknowledge`: its packet may be acknowledged. `ended`: it was the last one of its stream, whose
   * sender waits for nothing else and should hear soon.
   */
  handlePiece(header: BulkHeader, bytes: Uint8Array, at: number, length: number): 'refused' | 'acknowledge' | 'ended' {
    const stream = this.#streamOf(header.stream);
    if (stream === undefined) return 'acknowledge';
    const wasReadable = stream.receiving.readable;
    const outcome = stream.receiving.handlePiece(header, bytes, at, length);
    switch (outcome) {
      case 'known':
      case 'stored':
        return 'acknowledge';
      case 'refused':
        return 'refused';
      case 'whole':
        if (!wasReadable) this.#options.emit({ type: 'streamReadable', stream });
        return header.last ? 'ended' : 'acknowledge';
      case 'spoilt':
        this.#askRepair(stream, header.recordStart);
        return 'refused';
      case 'damaged':
        this.#spoil(stream);
        return 'refused';
      default:
        return assertNever(outcome, 'piece outcome');
    }
  }

  /** The remote could not open a record. One we do not have any more cannot be repaired: the stream is damaged. */
  handleRepair(id: number, start: number, repair: number): void {
    const stream = this.#streamOf(id);
    if (stream === undefined) return this.#answerStop(id, reasonToWire('damaged'));
    if (stream.sending.repair(start, repair)) return this.#schedule(stream);
    this.handleStop(id, reasonToWire('damaged'));
  }

  handleMaxData(bytes: number): void {
    if (this.#sendContext.credit.raise(bytes)) this.#scheduleAll();
  }

  handleMaxStreamData(id: number, bytes: number): void {
    const stream = this.#streamOf(id);
    if (stream?.sending.raiseLimit(bytes) === true) this.#schedule(stream);
  }

  handleMaxStreams(count: number): void {
    if (count <= this.#openMax) return;
    this.#openMax = Math.min(count, streamsEverMax);
    if (!this.#openRefused) return;
    this.#openRefused = false;
    this.#options.emit({ type: 'streamsAvailable' });
  }

  handleReset(id: number, wireCode: number, finalOffset: number): void {
    const stream = this.#streamOf(id);
    if (stream === undefined || stream.receiving.state === 'finished') return;
    const known = stream.receiving.state === 'reset';
    stream.receiving.reset(finalOffset, this.#grants);
    this.#tellGrants(stream);
    stream.resetSettled = true;
    if (!known) this.#options.emit({ type: 'streamReset', stream, reason: reasonFromWire(wireCode) });
    this.#removeIfDone(stream);
  }

  /** The remote wants no more of what we send. It is always answered by a reset, so that windows stay in step. */
  handleStop(id: number, wireCode: number): void {
    const stream = this.#streamOf(id);
    if (stream === undefined) return this.#answerStop(id, wireCode);
    const wasOpen = stream.sending.state === 'open';
    this.#resetSending(stream, wireCode);
    if (wasOpen) this.#options.emit({ type: 'streamStopped', stream, reason: reasonFromWire(wireCode) });
    this.#removeIfDone(stream);
  }

  /** The remote has acted on our asking for a record. */
  repairHeard(id: number, start: number): void {
    this.#streams.get(id)?.receiving.repairHeard(start);
  }

  pieceAcked(id: number, offset: number, length: number): void {
    const stream = this.#streams.get(id);
    const finished = stream?.sending.acknowledge(offset, length) === true;
    if (this.#sendContext.credit.takeReopened()) this.#scheduleAll();
    if (stream === undefined || !finished) return;
    this.#options.emit({ type: 'streamFinished', stream });
    this.#removeIfDone(stream);
  }

  pieceLost(id: number, offset: number, length: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.sending.lose(offset, length);
    this.#schedule(stream);
  }

  // What leaves

  get sendable(): boolean {
    for (const turns of this.#sendable) if (turns.size > 0) return true;
    return false;
  }

  /** Whether some stream has bytes that the remote does not take yet. */
  get isHeldBack(): boolean {
    return this.#heldBack.size > 0;
  }

  /** Fills `piece` from the stream whose turn it is; false when none may send. */
  take(room: number, piece: Piece): boolean {
    for (const turns of this.#sendable) {
      if (turns.size === 0) continue;
      for (const stream of turns) {
        if (stream.sending.sendable && stream.sending.take(room, piece)) {
          if (stream.takeWritable()) this.#options.emit({ type: 'streamWritable', stream });
          return true;
        }
        this.#unschedule(stream);
        this.#noteHeldBack(stream);
      }
    }
    return false;
  }

  /** Gives the turn to the next stream: called once a batch, so that a record mostly leaves in one go. */
  rotate(): void {
    for (const turns of this.#sendable) {
      if (turns.size < 2) continue;
      const [first] = turns as Iterable<Stream> as [Stream];
      turns.delete(first);
      turns.add(first);
    }
  }

  grantData(now: Instant): number {
    return this.#receiveContext.window.grant(now, this.#options.rttMs());
  }

  grantStreamData(id: number, now: Instant): number | undefined {
    const receiving = this.#streams.get(id)?.receiving;
    return receiving?.state === 'open' ? receiving.grant(now, this.#options.rttMs()) : undefined;
  }

  grantStreams(): number {
    this.#remoteMax = this.#remoteClosedCount + this.#options.local.remoteStreamsMax;
    return this.#remoteMax;
  }

  // What users of streams ask (StreamOwner)

  written(stream: Stream): void {
    this.#schedule(stream);
  }

  read(stream: Stream): Uint8Array | undefined {
    if (stream.receiving.state !== 'open') return undefined;
    const bytes = stream.receiving.read(this.#grants);
    if (bytes !== undefined) this.#tellGrants(stream);
    this.#removeIfDone(stream);
    return bytes;
  }

  reset(stream: Stream, code: number): void {
    this.#resetSending(stream, applicationCodes + code);
    this.#removeIfDone(stream);
  }

  stop(stream: Stream, code: number): void {
    this.#stopReceiving(stream, applicationCodes + code);
  }

  // Inside

  /** The stream of that id, opened now if it is the remote's next; undefined when it is over or not allowed. */
  #streamOf(id: number): Stream | undefined {
    const known = this.#streams.get(id);
    if (known !== undefined || id % 2 === this.#localBit) return known;
    const count = (id - (1 - this.#localBit)) / 2;
    if (count >= this.#remoteMax || this.#remoteClosed.has(count)) return undefined;
    const stream = this.#create(id, false);
    this.#options.emit({ type: 'streamOpened', stream });
    return stream;
  }

  #create(id: number, local: boolean): Stream {
    const { remote, local: ours, windowsMax } = this.#options;
    const sending = new SendStream(id, remote.streamWindowBytes, this.#sendContext);
    const window = new ReceiveWindow(ours.streamWindowBytes, windowsMax.streamWindowBytes);
    const receiving = new ReceiveStream(id, window, this.#receiveContext);
    const stream = new Stream(id, local, sending, receiving, this);
    this.#streams.set(id, stream);
    return stream;
  }

  #schedule(stream: Stream): void {
    if (!stream.sending.sendable) return this.#noteHeldBack(stream);
    this.#heldBack.delete(stream);
    // Its priority may have been changed since it was last in line.
    if (stream.turn !== stream.priority) this.#unschedule(stream);
    this.#sendable[stream.priority]!.add(stream);
    stream.turn = stream.priority;
    this.#options.wake();
  }

  #unschedule(stream: Stream): void {
    if (stream.turn !== undefined) this.#sendable[stream.turn]!.delete(stream);
    stream.turn = undefined;
  }

  #noteHeldBack(stream: Stream): void {
    if (stream.sending.isHeldBack) this.#heldBack.add(stream);
    else this.#heldBack.delete(stream);
  }

  #scheduleAll(): void {
    for (const stream of this.#streams.values()) this.#schedule(stream);
  }

  /** A stop for a stream that is over here. */
  #answerStop(id: number, code: number): void {
    this.#options.control.push({ type: 'reset', stream: id, code, finalOffset: 0 });
    this.#options.wake();
  }

  #askRepair(stream: Stream, start: number): void {
    this.#options.control.push({ type: 'repair', stream: stream.id, start, repair: stream.receiving.repairs });
    this.#options.wake();
  }

  /** Records that are not what the remote sealed: a forger's or the network's doing. Costs this stream, no more. */
  #spoil(stream: Stream): void {
    this.#stopReceiving(stream, reasonToWire('damaged'));
    this.#resetSending(stream, reasonToWire('damaged'));
    this.#options.emit({ type: 'streamReset', stream, reason: 'damaged' });
  }

  #stopReceiving(stream: Stream, wireCode: number): void {
    stream.receiving.reset(0, this.#grants);
    this.#tellGrants(stream);
    this.#options.control.push({ type: 'stop', stream: stream.id, code: wireCode });
    this.#options.wake();
  }

  #resetSending(stream: Stream, wireCode: number): void {
    const { sending, id } = stream;
    if (sending.state === 'open') sending.reset();
    if (this.#sendContext.credit.takeReopened()) this.#scheduleAll();
    this.#unschedule(stream);
    this.#options.control.push({ type: 'reset', stream: id, code: wireCode, finalOffset: sending.finalOffset });
    this.#options.wake();
  }

  #tellGrants(stream: Stream): void {
    if (this.#grants.stream) this.#options.control.tellMaxStreamData(stream.id);
    if (this.#grants.connection) this.#options.control.tellMaxData();
    if (this.#grants.stream || this.#grants.connection) this.#options.wake();
  }

  /** A stream is over when both directions are, and, where we stopped it, the remote has said how much it had sent. */
  #removeIfDone(stream: Stream): void {
    const received =
      stream.receiving.state === 'finished' || (stream.receiving.state === 'reset' && stream.resetSettled);
    if (stream.sending.state === 'open' || !received) return;
    this.#streams.delete(stream.id);
    this.#heldBack.delete(stream);
    if (stream.local) return;
    const count = (stream.id - (1 - this.#localBit)) / 2;
    this.#remoteClosedCount += this.#remoteClosed.add(count, count + 1);
    const { remoteStreamsMax } = this.#options.local;
    if (this.#remoteMax - this.#remoteClosedCount > remoteStreamsMax / 2) return;
    this.#options.control.tellMaxStreams();
    this.#options.wake();
  }
}
