// A remote that has authenticated itself and has the keys of a connection, but is no endpoint: it sends exactly the
// packets that a test wants, whatever the protocol says, and keeps what it was sent.

import { type Address, instant, type Instant, type Rng, seededRng } from '@shoal/machine';
import { firstDatagramBytes, type HandshakePacket, readHandshakePacket } from '../src/handshake/handshake-packet.ts';
import { Handshaker } from '../src/handshake/handshaker.ts';
import { aeadNonce } from '../src/handshake/noise.ts';
import type { TransportParameters } from '../src/handshake/parameters.ts';
import type { SessionKeys } from '../src/handshake/session-keys.ts';
import { tagBytes } from '../src/crypto.ts';
import { nodeCrypto } from '../src/node/node-crypto.ts';
import { type Frame, frameBytes, readFrames, writeFrame } from '../src/packet/frames.ts';
import {
  type BulkHeader,
  bulkHeaderBytes,
  type ConnectionId,
  connectionIdFrom,
  controlHeaderBytes,
  packetKinds,
  packetLengthAt,
  readPacketNumber,
  viewOf,
  writeBulkHeader,
  writeCommonHeader,
  writePacketNumber,
} from '../src/packet/header.ts';
import { ByteWriter } from '../src/packet/varint.ts';
import type { Endpoint, EndpointOptions } from '../src/index.ts';
import { sealRecord } from '../src/streams/record.ts';
import { clientAddress, endpointFrom } from './pair.ts';

export interface KeyedRemoteOptions {
  readonly rng?: Rng;
  readonly parameters?: Partial<TransportParameters>;
  readonly psk?: Uint8Array | undefined;
  /** Somebody's first packet, which it answers; without, it dials. */
  readonly first?: HandshakePacket | undefined;
  readonly now?: Instant;
}

export class KeyedRemote {
  readonly dialler: boolean;
  /** Of the latest packet it sent. */
  number = 0;
  /** Numbers of the packets it got, the latest last; the oldest are forgotten. */
  readonly heard: number[] = [];
  /** Frames it got since they were last looked at. */
  readonly frames: Frame[] = [];
  readonly #handshaker: Handshaker;

  constructor({ rng = seededRng('keyed'), parameters, psk, first, now = instant(0) }: KeyedRemoteOptions = {}) {
    this.dialler = first === undefined;
    const options = {
      crypto: nodeCrypto,
      keyPair: nodeCrypto.keyPairOf(rng.bytes(32)),
      ephemeralKey: nodeCrypto.keyPairOf(rng.bytes(32)),
      parameters: {
        connectionId: connectionIdFrom(rng.bytes(8)),
        connectionWindowBytes: 2 ** 24,
        streamWindowBytes: 2 ** 22,
        remoteStreamsMax: 256,
        datagramBytesMax: 65_507,
        idleTimeoutMs: 30_000,
        receiveBufferBytes: 212_992,
        ...parameters,
      },
      ...(psk === undefined ? {} : { psk }),
    };
    this.#handshaker = new Handshaker(options, first?.source);
    if (first === undefined) this.#handshaker.begin(now);
    else this.#handshaker.handlePacket(first, now);
  }

  /** The id it is sent to by. */
  get localId(): ConnectionId {
    return this.#handshaker.localId;
  }

  /** The id it sends to; all zero before the other side has answered. */
  get remoteId(): ConnectionId {
    return this.#handshaker.remoteId;
  }

  get established(): boolean {
    return this.#handshaker.result !== undefined;
  }

  get keys(): SessionKeys {
    return this.#handshaker.result!.keys;
  }

  /** A handshake packet that is due. */
  pollHandshake(): Uint8Array | undefined {
    const out = new Uint8Array(firstDatagramBytes);
    const length = this.#handshaker.pollTransmit(out);
    return length === 0 ? undefined : out.subarray(0, length);
  }

  /** Looks at what was sent to it. */
  receive(bytes: Uint8Array, now: Instant): void {
    const view = viewOf(bytes);
    for (let at = 0, length = 0; at < bytes.length; at += length) {
      length = packetLengthAt(view, at);
      if (length === 0) return;
      if (bytes[at] === packetKinds.handshake) {
        const packet = readHandshakePacket(bytes, view, at, length);
        if (packet !== undefined) this.#handshaker.handlePacket(packet, now);
        continue;
      }
      this.heard.push(readPacketNumber(view, at));
      if (this.heard.length > 64) this.heard.shift();
      if (bytes[at] === packetKinds.control && this.established) this.#open(bytes, at, length);
    }
  }

  /** A control packet with these frames, or with this plaintext. */
  control(content: readonly Frame[] | Uint8Array, number: number = (this.number += 1)): Uint8Array {
    const plaintext = content instanceof Uint8Array ? content : framed(content);
    const length = controlHeaderBytes + plaintext.length + tagBytes;
    const bytes = new Uint8Array(length);
    writeCommonHeader(viewOf(bytes), 0, packetKinds.control, length, this.remoteId);
    writePacketNumber(viewOf(bytes), 0, number);
    this.keys.sending.control.seal(
      aeadNonce(0, number),
      bytes.subarray(0, controlHeaderBytes),
      plaintext,
      bytes.subarray(controlHeaderBytes),
    );
    return bytes;
  }

  /** A record sealed as it should be, whatever stands in it. */
  record(stream: number, start: number, plaintext: Uint8Array, last = false): Uint8Array {
    const record = new Uint8Array(plaintext.length + tagBytes);
    sealRecord(this.keys.sending.record, stream, start, last, plaintext, record);
    return record;
  }

  /** A bulk packet with a valid tag over whatever `header` says. */
  bulk(header: Partial<BulkHeader>, piece: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(bulkHeaderBytes + piece.length);
    const rest = {
      stream: this.dialler ? 0 : 1,
      recordStart: 0,
      recordBytes: piece.length,
      pieceOffset: 0,
      last: false,
    };
    const whole = { packetNumber: header.packetNumber ?? (this.number += 1), ...rest, ...header };
    writeBulkHeader(viewOf(bytes), 0, bytes.length, this.remoteId, whole, this.keys.sending.header);
    bytes.set(piece, bulkHeaderBytes);
    return bytes;
  }

  #open(bytes: Uint8Array, at: number, length: number): void {
    const plaintext = this.keys.receiving.control.open(
      aeadNonce(0, readPacketNumber(viewOf(bytes), at)),
      bytes.subarray(at, at + controlHeaderBytes),
      bytes.subarray(at + controlHeaderBytes, at + length),
    );
    if (plaintext !== undefined) this.frames.push(...(readFrames(plaintext) ?? []));
  }
}

/** The frames as they stand in a packet, and `padding` bytes behind them. */
export function framed(frames: readonly Frame[], padding = 0): Uint8Array {
  const plaintext = new Uint8Array(frames.reduce((sum, frame) => sum + frameBytes(frame), padding));
  const writer = new ByteWriter(plaintext);
  for (const frame of frames) writeFrame(writer, frame);
  return plaintext;
}

export interface Datagram {
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** Everything that `endpoint` sends now. */
export function sent(endpoint: Endpoint, now: Instant): Datagram[] {
  const buffer = new Uint8Array(65_507);
  const datagrams: Datagram[] = [];
  for (let next = endpoint.pollTransmit(buffer, now); next !== undefined; next = endpoint.pollTransmit(buffer, now))
    for (let at = 0; at < next.length; at += next.segmentBytes)
      datagrams.push({ to: next.address, bytes: buffer.slice(at, Math.min(next.length, at + next.segmentBytes)) });
  return datagrams;
}

/** A server, and an authenticated remote of it at `clientAddress` that sends whatever a test wants. */
export function keyedPair(
  server: Partial<EndpointOptions> = {},
  remoteOptions: KeyedRemoteOptions = {},
): { server: Endpoint; remote: KeyedRemote; now: Instant } {
  const [endpoint, remote, now] = [endpointFrom('server', server), new KeyedRemote(remoteOptions), instant(0)];
  for (let packet = remote.pollHandshake(); packet !== undefined; packet = remote.pollHandshake()) {
    endpoint.handleDatagram(packet, clientAddress, now);
    for (const { bytes } of sent(endpoint, now)) remote.receive(bytes, now);
  }
  endpoint.handleDatagram(remote.control([{ type: 'ping' }]), clientAddress, now);
  for (const { bytes } of sent(endpoint, now)) remote.receive(bytes, now);
  return { server: endpoint, remote, now };
}
