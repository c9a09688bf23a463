// What happens inside the transport, as values for logs, counters and traces. Two kinds, because a fast transfer has a
// thousand packets for each event of the other kind. Nothing of this is made unless somebody listens.

import type { Address, Instant, PeerId } from '@shoal/machine';
import type { Reason } from '../codes.ts';
import type { TransportParameters } from '../handshake/parameters.ts';
import type { Frame } from '../packet/frames.ts';

/** Of which connection (`Connection.id`), and when. */
export interface EventOrigin {
  readonly connection: string;
  readonly at: Instant;
}

/** What recovery knows and allows. Times in ms, sizes in bytes. */
export interface Metrics {
  readonly latestRttMs: number;
  readonly srttMs: number;
  readonly rttvarMs: number;
  readonly minRttMs: number;
  readonly cwndBytes: number;
  readonly bytesInFlight: number;
  readonly pacingRateBytesPerSecond: number;
}

export type Happening =
  /** `group` is the dialler's first connection id: the same at both ends. */
  | { readonly type: 'connectionStarted'; readonly dialler: boolean; readonly remote: Address; readonly group: string }
  /** The remote is authenticated; `parameters` are the remote's. */
  | { readonly type: 'connectionOpened'; readonly peer: PeerId; readonly parameters: TransportParameters }
  /** For whatever reason; packets may still follow. */
  | { readonly type: 'connectionClosed'; readonly reason: Reason; readonly byRemote: boolean }
  /** Nothing follows. */
  | { readonly type: 'connectionForgotten' }
  | { readonly type: 'pathChanged'; readonly from: Address; readonly to: Address }
  | { readonly type: 'mtuChanged'; readonly fromBytes: number; readonly toBytes: number }
  /** In the words of the controller. */
  | { readonly type: 'congestionStateChanged'; readonly from: string | undefined; readonly to: string }
  | { readonly type: 'metricsUpdated'; readonly metrics: Metrics }
  | { readonly type: 'packetsLost'; readonly packetNumbers: readonly number[] }
  /** So many of those declared lost were acknowledged after all. */
  | { readonly type: 'lossesSpurious'; readonly count: number };

export type TransportEvent = EventOrigin & Happening;

/** What a packet carried: a frame, a piece of a stream's sealed bytes, or a handshake message. */
export type PacketContent =
  | Frame
  | {
      readonly type: 'piece';
      readonly stream: number;
      readonly offset: number;
      readonly length: number;
      readonly last: boolean;
    }
  | { readonly type: 'handshake'; readonly step: number; readonly length: number };

export interface Packet {
  readonly kind: 'handshake' | 'control' | 'bulk';
  /** Handshake packets have none, and are counted. */
  readonly packetNumber: number;
  readonly bytes: number;
  readonly contents: readonly PacketContent[];
}

/** A packet that left, or that came and was authentic. */
export type PacketEvent = EventOrigin & { readonly type: 'packetSent' | 'packetReceived' } & Packet;

/**
 * Who listens, to what. Told in the middle of things: it must not throw, nor call the machine.
 */
export interface EventSink {
  readonly onEvent?: ((event: TransportEvent) => void) | undefined;
  readonly onPacket?: ((event: PacketEvent) => void) | undefined;
}
