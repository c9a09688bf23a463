// One connection as its user holds it, from the first handshake packet to the last close: it owns the handshake, then
// the session, and the timers around both (idle, keep-alive, handshake, closing).

import {
  type Address,
  after,
  bytesEqual,
  earliest,
  type Instant,
  invariant,
  NEVER,
  type PeerId,
  peerId,
  toHex,
  type SendLimits,
} from '@shoal/machine';
import { applicationCodeMax, applicationCodes, type Reason } from '../codes.ts';
import type { TransportConfig } from '../config.ts';
import type { CongestionFactory } from '../congestion/controller.ts';
import { Reporter } from '../events/reporter.ts';
import type { EventSink } from '../events/transport-event.ts';
import { firstDatagramBytes, type HandshakePacket, readHandshakePacket } from '../handshake/handshake-packet.ts';
import { Handshaker, type HandshakerOptions } from '../handshake/handshaker.ts';
import { leads, Meeting } from '../handshake/meeting.ts';
import { connectionIdText, type ConnectionId, packetKinds } from '../packet/header.ts';
import { closingMs } from '../recovery/recovery.ts';
import type { RecordMemory } from '../streams/record.ts';
import type { Stream } from '../streams/stream.ts';
import type { ConnectionEvent, ConnectionStats } from './connection-facts.ts';
import { Liveness } from './liveness.ts';
import type { Batch } from './packetizer.ts';
import { Session } from './session.ts';

/** What all connections of an endpoint have in common, and ask of it. */
export interface ConnectionOwner {
  readonly config: TransportConfig;
  readonly memory: RecordMemory;
  /** Unguessable bytes. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** Who is told what happens inside. */
  readonly events: EventSink | undefined;
  readonly emit: (connection: Connection, event: ConnectionEvent) => void;
  /** Something may want to leave, or a timer has moved. */
  readonly touched: (connection: Connection) => void;
}

export interface ConnectionOptions {
  readonly handshake: HandshakerOptions;
  readonly address: Address;
  /** The dialler's id, where the remote dialled. */
  readonly initiatorId?: ConnectionId;
  readonly congestion: CongestionFactory;
  readonly now: Instant;
}

type State = 'handshaking' | 'open' | 'flushing' | 'closing' | 'closed';

const amplificationMax = 3; // RFC 9000 section 8.1
const flushMsMax = 2_000;

export class Connection {
  /** For whoever uses the connection. */
  context: unknown;
  /** Internal to its endpoint: something happened to it; it waits for its turn to transmit. */
  touched = false;
  inLine = false;
  /** Its name in events. */
  readonly id: string;
  readonly #report: Reporter | undefined;
  readonly #owner: ConnectionOwner;
  readonly #congestion: CongestionFactory;
  /** Where it was begun. */
  readonly #address: Address;
  #localId: ConnectionId;
  /** Until the remote is known to have all of the handshake: an open connection should cost little. */
  #handshaker: Handshaker | undefined;
  #dialler: boolean;
  /** The remote dials us while we dial it. */
  #meeting: Meeting | undefined;
  #session: Session | undefined;
  #state: State = 'handshaking';
  #peer: PeerId | undefined;
  #deadline: Instant;
  readonly #liveness: Liveness;
  #closeReason: Reason = 'done';
  #closeDue = false;
  #bytesReceived = 0;
  #bytesSent = 0;

  constructor(owner: ConnectionOwner, { handshake, address, initiatorId, congestion, now }: ConnectionOptions) {
    this.#owner = owner;
    this.#congestion = congestion;
    this.#address = address;
    this.#dialler = initiatorId === undefined;
    this.#handshaker = new Handshaker(handshake, initiatorId);
    this.#localId = this.#handshaker.localId;
    this.id = connectionIdText(this.#localId);
    this.#report = owner.events === undefined ? undefined : new Reporter(owner.events, this.id);
    const group = initiatorId === undefined ? this.id : connectionIdText(initiatorId);
    this.#report?.tell({ type: 'connectionStarted', dialler: this.#dialler, remote: address, group }, now);
    this.#deadline = after(now, owner.config.handshakeTimeoutMs);
    this.#liveness = new Liveness(owner.config.idleTimeoutMs, now);
    if (this.#dialler) this.#handshaker.begin(now);
  }

  // Getters

  /** The id that packets for us carry. */
  get localId(): ConnectionId {
    return this.#localId;
  }

  /** True when this side dialled. Where both did, one of them, once it is open: the one whose handshake was used. */
  get dialler(): boolean {
    return this.#dialler;
  }

  /** True once the remote is known to have all of the handshake. */
  get confirmed(): boolean {
    return this.#handshaker === undefined;
  }

  /** Where the remote is reached: changes when it moves and has proved the new address. */
  get address(): Address {
    return this.#session?.paths.address ?? this.#address;
  }

  /** The remote's identity; undefined until it is authenticated. */
  get peer(): PeerId | undefined {
    return this.#peer;
  }

  /** True while streams may be opened and used. */
  get open(): boolean {
    return this.#state === 'open';
  }

  /** True when it may be forgotten. */
  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** True when the remote has been told of the end, or there is nothing to tell. */
  get quiet(): boolean {
    return this.#state === 'closed' || (this.#state === 'closing' && !this.#closeDue);
  }

  get handshaking(): boolean {
    return this.#state === 'handshaking';
  }

  get stats(): ConnectionStats {
    const recovery = this.#session?.recovery;
    return {
      datagramBytes: this.#session?.mtu.bytes ?? this.#owner.config.datagramBytes,
      srttMs: recovery?.rtt.srttMs ?? this.#owner.config.initialRttMs,
      minRttMs: recovery?.rtt.minRttMs ?? Number.POSITIVE_INFINITY,
      cwndBytes: recovery?.controller.windowBytes ?? 0,
      bytesInFlight: recovery?.sent.bytesInFlight ?? 0,
      pacingRateBytesPerSecond: recovery?.pacingRateBytesPerSecond ?? 0,
      packetsSent: recovery?.sent.next ?? 0,
      packetsLost: recovery?.packetsLost ?? 0,
      packetsSpurious: recovery?.packetsSpurious ?? 0,
      bytesLost: recovery?.bytesLost ?? 0,
      bytesResent: this.#session?.streams.resentBytes ?? 0,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
    };
  }

  /** How long it was kept from sending so far, and by what. */
  get sendLimits(): SendLimits {
    return this.#session?.limits.total ?? { congestionMs: 0, receiverMs: 0 };
  }

  /** All streams that are not over in both directions; also after the end of the connection. */
  streams(): Iterable<Stream> {
    return this.#session?.streams.all() ?? [];
  }

  // Commands

  /** A new stream; undefined while the remote takes no more (`streamsAvailable` follows) or the connection is over. */
  openStream(): Stream | undefined {
    return this.#state === 'open' ? this.#session?.streams.open() : undefined;
  }

  /**
   * Ends the connection; no event follows. The remote learns `reason`: a transport's own, or a number from 0 up.
   * With `flush`, only after it has everything that was written, or 2 seconds.
   */
  close(now: Instant, reason: Reason = 'done', { flush = false }: { flush?: boolean } = {}): void {
    const wire = typeof reason === 'number' ? applicationCodes + reason : 0;
    invariant(wire >= 0 && wire <= applicationCodeMax, 'a close code fits its field');
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#closeReason = reason;
    this.#report?.closed({ type: 'connectionClosed', reason, byRemote: false }, now);
    if (flush && this.#state === 'open' && !this.#session!.streams.idle) {
      this.#state = 'flushing';
      this.#deadline = after(now, flushMsMax);
    } else this.#sayClose(now);
    this.#owner.touched(this);
  }

  // What arrives

  handleHandshake(packet: HandshakePacket, now: Instant): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const handshaker = this.#meeting?.find(packet.to) ?? this.#handshaker;
    if (handshaker === undefined) return;
    this.#report?.handshake('packetReceived', packet, now);
    const progress = handshaker.handlePacket(packet, now);
    if (progress === 'refused') this.#end('authenticationFailed', false, now);
    if (progress === 'finished') this.#finishHandshake(handshaker, now);
    this.#owner.touched(this);
  }

  /**
   * The remote's own dial, which came while ours is in progress: `options` for an answer, under an id of its own, to the
   * identity we expect.
   */
  handleMeeting(
    packet: HandshakePacket,
    options: (expect: Uint8Array | undefined) => HandshakerOptions,
    now: Instant,
  ): void {
    const expected = this.#handshaker?.expected;
    this.#meeting ??= new Meeting();
    this.#meeting.handleFirst(packet, () => options(expected), now);
    this.#owner.touched(this);
  }

  /** Notes the size of a packet from the remote: what may be sent to an unproved address hangs on it. */
  noteReceived(bytes: number): void {
    this.#bytesReceived += bytes;
  }

  /** True when the packet proved to be the remote's. */
  handlePacket(bytes: Uint8Array, view: DataView, at: number, length: number, from: Address, now: Instant): boolean {
    // Nobody but a leader that uses our dial has a reason to send this: it may be opened now.
    if (this.#state === 'handshaking' && this.#handshaker?.result !== undefined) this.#establish(now);
    const session = this.#session;
    if (session === undefined || this.#state === 'closed') return false; // before the keys: the remote sends it again
    if (this.#state === 'closing') {
      this.#closeDue = true; // it seems not to have heard
      this.#owner.touched(this);
      return false;
    }
    const outcome = session.handlePacket(bytes, view, at, length, from, now);
    if (outcome === 'unauthentic') return false;
    this.noteReceived(length);
    if (this.#handshaker !== undefined && session.confirmed) this.#confirm();
    const bulk = view.getUint8(at) !== packetKinds.control;
    if (outcome !== 'repeated') this.#liveness.heard(bulk, now);
    if (!bulk) this.#report?.compare(session, now);
    if (typeof outcome === 'object') this.#finish(outcome.reason, outcome.byRemote, now);
    this.#owner.touched(this);
    return true;
  }

  /** Its endpoint knows it no more. */
  forgotten(now: Instant): void {
    this.#report?.tell({ type: 'connectionForgotten' }, now);
  }

  nextTimeout(now: Instant): Instant {
    if (this.#state === 'closed') return NEVER;
    if (this.#state === 'closing') return this.#deadline;
    const session = this.#session?.nextTimeout(now) ?? NEVER;
    const handshake = this.#handshaker?.nextTimeout() ?? NEVER;
    return earliest(handshake, this.#deadline, this.#liveness.nextTimeout(), session);
  }

  handleTimeout(now: Instant): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'closing') {
      if (now >= this.#deadline) this.#state = 'closed';
      return;
    }
    if (now >= this.#deadline) return this.#deadlinePassed(now);
    if (this.#liveness.isOver(now)) return this.#end('idleTimedOut', false, now);
    this.#handshaker?.handleTimeout(now);
    this.#session?.handleTimeout(now);
    if (this.#session !== undefined) this.#report?.compare(this.#session, now);
    const midRecord = this.#session?.streams.midRecord === true;
    if (this.#liveness.handleTimeout(midRecord, now)) this.#session?.ping();
  }

  // What leaves

  /** Fills `out` with datagrams to `batch.address`; nothing when `batch.length` is 0 afterwards. */
  fill(out: Uint8Array, view: DataView, now: Instant, batch: Batch): void {
    batch.length = 0;
    batch.address = this.address;
    if (this.#state === 'closed') return;
    if (this.#state === 'closing') this.#fillClose(out, view, now, batch);
    else this.#fillOpen(out, view, now, batch);
    this.#bytesSent += batch.length;
  }

  #fillOpen(out: Uint8Array, view: DataView, now: Instant, batch: Batch): void {
    const unproved = !this.#dialler && this.#session === undefined;
    if (unproved && this.#bytesSent + firstDatagramBytes > amplificationMax * this.#bytesReceived) return;
    batch.length = this.#handshaker?.pollTransmit(out) ?? 0;
    if (batch.length === 0) batch.length = this.#meeting?.pollTransmit(out) ?? 0;
    batch.segmentBytes = batch.length;
    if (batch.length > 0) return this.#reportHandshake(out, view, batch.length, now);
    if (this.#session === undefined) return;
    if (this.#session.streams.sealedBytes > this.#owner.config.sealedBytesMax) this.#finish('exhausted', false, now);
    else if (this.#session.wants(now)) this.#session.fill(out, view, now, batch);
    this.#report?.compare(this.#session, now);
    if (this.#state === 'flushing' && this.#session.streams.idle) this.#sayClose(now);
    if (batch.length === 0) this.#fillClose(out, view, now, batch);
  }

  #fillClose(out: Uint8Array, view: DataView, now: Instant, batch: Batch): void {
    if (!this.#closeDue || this.#session === undefined) return;
    this.#closeDue = false;
    batch.length = batch.segmentBytes = this.#session.writeClose(out, view, this.#closeReason, now);
  }

  #reportHandshake(out: Uint8Array, view: DataView, length: number, now: Instant): void {
    if (this.#report?.wantsPackets !== true) return;
    const packet = readHandshakePacket(out, view, 0, length);
    if (packet !== undefined) this.#report.handshake('packetSent', packet, now);
  }

  // Inside

  #finishHandshake(handshaker: Handshaker, now: Instant): void {
    const { remoteKey } = handshaker.result!;
    if (handshaker === this.#handshaker) {
      const follows = this.#meeting !== undefined && !leads(handshaker.localKey, remoteKey);
      if (!follows) this.#establish(now);
      return;
    }
    const known = this.#handshaker?.result;
    if (known !== undefined && !bytesEqual(known.remoteKey, remoteKey)) return; // dialled us from the address we dialled
    this.#handshaker = handshaker;
    this.#localId = handshaker.localId;
    this.#dialler = false;
    this.#establish(now);
  }

  #establish(now: Instant): void {
    const { config, memory, randomBytes } = this.#owner;
    const handshaker = this.#handshaker!;
    const { keys, remote, remoteKey, rttMs } = handshaker.result!;
    this.#peer = peerId(toHex(remoteKey))!;
    this.#state = 'open';
    this.#meeting = undefined;
    this.#session = new Session({
      dialler: this.#dialler,
      address: this.#address,
      randomBytes,
      keys,
      local: handshaker.parameters,
      remote,
      windowsMax: config,
      datagramBytes: Math.min(config.datagramBytes, remote.datagramBytesMax),
      datagramBytesMax: Math.min(config.datagramBytesMax, remote.datagramBytesMax),
      initialRttMs: config.initialRttMs,
      ...(rttMs === undefined ? {} : { rttMs }),
      congestion: this.#congestion,
      memory,
      emit: (event) => this.#emit(event),
      wake: () => this.#owner.touched(this),
      report: this.#report,
    });
    this.#report?.tell({ type: 'connectionOpened', peer: this.#peer, parameters: remote }, now);
    const idleTimeoutMs = Math.min(config.idleTimeoutMs, remote.idleTimeoutMs);
    this.#liveness.open({ idleTimeoutMs, keepAliveMs: config.keepAliveMs }, now);
    if (!this.#dialler) this.#confirm();
    this.#emit({ type: 'connectionOpened' });
  }

  #confirm(): void {
    this.#handshaker = undefined;
    if (this.#state === 'open') this.#deadline = NEVER; // it was the handshake's
  }

  /** The deadline is that of the handshake, or of flushing. */
  #deadlinePassed(now: Instant): void {
    if (this.#state === 'flushing') return this.#sayClose(now);
    this.#end(this.#handshaker?.sawMisfit === true ? 'authenticationFailed' : 'handshakeTimedOut', false, now);
  }

  /** The remote closed, or has to be shut out for what it sent. */
  #finish(reason: Reason, byRemote: boolean, now: Instant): void {
    if (byRemote) return this.#end(reason, true, now);
    this.#report?.closed({ type: 'connectionClosed', reason, byRemote }, now);
    this.#emit({ type: 'connectionClosed', reason, byRemote });
    this.#closeReason = reason;
    this.#sayClose(now);
  }

  /** Nothing is left to say to the remote. */
  #end(reason: Reason, byRemote: boolean, now: Instant): void {
    this.#report?.closed({ type: 'connectionClosed', reason, byRemote }, now);
    // A stranger that never got through the handshake was never announced.
    if (this.#dialler || this.#session !== undefined) this.#emit({ type: 'connectionClosed', reason, byRemote });
    this.#state = 'closed';
  }

  #sayClose(now: Instant): void {
    if (this.#session === undefined) {
      this.#state = 'closed';
      return;
    }
    this.#state = 'closing';
    this.#closeDue = true;
    this.#deadline = after(now, closingMs(this.#session.recovery.rtt));
  }

  #emit(event: ConnectionEvent): void {
    if (this.#state === 'open' || this.#state === 'handshaking') this.#owner.emit(this, event);
  }
}
