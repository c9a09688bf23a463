// What a connection tells its user: events, and numbers for logs and decisions.

import type { Reason } from '../codes.ts';
import type { StreamEvent } from './stream-table.ts';

/** What happens to a connection. After `connectionClosed` nothing more is said about it or its streams. */
export type ConnectionEvent =
  | { readonly type: 'connectionOpened' }
  /** The remote has proved that it receives at another address: `Connection.address` from now on. */
  | { readonly type: 'connectionMoved' }
  /** `byRemote`: the remote said so; otherwise this side found out, or asked for it. */
  | { readonly type: 'connectionClosed'; readonly reason: Reason; readonly byRemote: boolean }
  | StreamEvent;

/** Numbers of one connection, for logs and decisions. Times in ms, sizes in bytes. */
export interface ConnectionStats {
  /** Size of full datagrams: what the path is known to carry. */
  readonly datagramBytes: number;
  readonly srttMs: number;
  readonly minRttMs: number;
  readonly cwndBytes: number;
  readonly bytesInFlight: number;
  readonly pacingRateBytesPerSecond: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
  /** Counted as lost, and then acknowledged after all. */
  readonly packetsSpurious: number;
  readonly bytesLost: number;
  /** Of streams: lost, or sent once more by a probe, and sent again. */
  readonly bytesResent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}
