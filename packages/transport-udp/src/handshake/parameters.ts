// What each side tells the other about itself, sealed inside the handshake (RFC 9000 section 18 is the model):
// how much it will take in before it says more, and how it is to be reached.

import { ByteReader, ByteWriter } from '../packet/varint.ts';
import type { ConnectionId } from '../packet/header.ts';

export interface TransportParameters {
  /** The id this side wants in packets sent to it; also in the header, here authenticated. */
  readonly connectionId: ConnectionId;
  /** Sealed bytes it takes in over all streams before it grants more: where its windows begin. */
  readonly connectionWindowBytes: number;
  /** … and of one stream. */
  readonly streamWindowBytes: number;
  /** Streams the other side may have open at once. */
  readonly remoteStreamsMax: number;
  /** Largest datagram it will take. */
  readonly datagramBytesMax: number;
  /** After so long without a packet it forgets the connection. */
  readonly idleTimeoutMs: number;
  /** What its socket can hold while it is busy; larger bursts are lost. */
  readonly receiveBufferBytes: number;
}

/** Bounds that a remote's parameters are forced into: a liar harms at most itself. */
const windowBytesMin = 131_072; // two records: a smaller window could never be filled by whole records
const windowBytesMax = 2 ** 40;
const datagramBytesMin = 1_200;
const datagramBytesMax = 65_507;
const streamsMax = 2 ** 31;
const idleTimeoutMsMin = 100;

export function writeParameters(parameters: TransportParameters): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(72));
  for (const value of [
    parameters.connectionId.high,
    parameters.connectionId.low,
    parameters.connectionWindowBytes,
    parameters.streamWindowBytes,
    parameters.remoteStreamsMax,
    parameters.datagramBytesMax,
    parameters.idleTimeoutMs,
    parameters.receiveBufferBytes,
  ])
    writer.varint(value);
  return writer.written;
}

/** Undefined when a number is missing. Bytes behind the known ones belong to later versions and are passed over. */
export function readParameters(bytes: Uint8Array): TransportParameters | undefined {
  const reader = new ByteReader(bytes);
  const parameters: TransportParameters = {
    connectionId: { high: reader.varint() >>> 0, low: reader.varint() >>> 0 },
    connectionWindowBytes: clamp(reader.varint(), windowBytesMin, windowBytesMax),
    streamWindowBytes: clamp(reader.varint(), windowBytesMin, windowBytesMax),
    remoteStreamsMax: clamp(reader.varint(), 1, streamsMax),
    datagramBytesMax: clamp(reader.varint(), datagramBytesMin, datagramBytesMax),
    idleTimeoutMs: clamp(reader.varint(), idleTimeoutMsMin, 2 ** 31),
    receiveBufferBytes: clamp(reader.varint(), datagramBytesMin * 16, windowBytesMax),
  };
  return reader.failed ? undefined : parameters;
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
