// A connection's events as qlog records, in the shape that qvis opens: qlog 0.3 as JSON text sequences (RFC 7464), with
// the names of draft-ietf-quic-qlog-quic-events. What QUIC has no name for goes by one of ours; viewers pass over it.

import { type Address, assertNever, type Instant, isIpv6 } from '@shoal/machine';
import { applicationCodes, type Reason } from '../codes.ts';
import type { TransportParameters } from '../handshake/parameters.ts';
import type { Metrics, Packet, PacketContent, PacketEvent, TransportEvent } from './transport-event.ts';

/** The event that every connection begins with. */
export type ConnectionStarted = TransportEvent & { readonly type: 'connectionStarted' };

type NamedData = readonly [name: string, data: object];

/** What a connection's file begins with. `epochMs`: the wall clock at instant 0. */
export function qlogBeginning({ at, dialler, group }: ConnectionStarted, epochMs: number): string {
  return asText({
    qlog_version: '0.3',
    qlog_format: 'JSON-SEQ',
    title: 'shoal',
    trace: {
      vantage_point: { name: 'shoal', type: dialler ? 'client' : 'server' },
      common_fields: {
        ODCID: group,
        time_format: 'relative',
        reference_time: epochMs + at,
        protocol_type: ['QUIC'],
      },
    },
  });
}

/** The records of one event of a connection that started at `startedAt`. */
export function qlogRecords(event: TransportEvent | PacketEvent, startedAt: Instant): string {
  const time = Math.round((event.at - startedAt) * 1_000) / 1_000;
  return recordsOf(event)
    .map(([name, data]) => asText({ time, name, data }))
    .join('');
}

/** A remark of whoever writes the file. */
export const qlogNote = (message: string, time: number): string =>
  asText({ time, name: 'generic:info', data: { message } });

const asText = (record: object): string => `\x1e${JSON.stringify(record)}\n`;

function recordsOf(event: TransportEvent | PacketEvent): NamedData[] {
  switch (event.type) {
    case 'packetSent':
      return [['transport:packet_sent', packetData(event)]];
    case 'packetReceived':
      return [['transport:packet_received', packetData(event)]];
    case 'connectionStarted':
      return [['connectivity:connection_started', connectionData(event.remote)], stateRecord('attempted')];
    case 'connectionOpened':
      return [['transport:parameters_set', parametersData(event.parameters)], stateRecord('handshake_complete')];
    case 'connectionClosed':
      return [['connectivity:connection_closed', closeData(event)], stateRecord('closed')];
    case 'connectionForgotten':
      return [];
    case 'pathChanged':
      return [['connectivity:path_assigned', { path_id: '0', path_remote: endpointData(event.to) }]];
    case 'mtuChanged':
      return [['connectivity:mtu_updated', { old: event.fromBytes, new: event.toBytes }]];
    case 'congestionStateChanged':
      return [['recovery:congestion_state_updated', { old: event.from, new: event.to }]];
    case 'metricsUpdated':
      return [['recovery:metrics_updated', metricsData(event.metrics)]];
    case 'packetsLost':
      return event.packetNumbers.map((packetNumber) => [
        'recovery:packet_lost',
        { header: { packet_type: '1RTT', packet_number: packetNumber } },
      ]);
    case 'lossesSpurious':
      return [['shoal:losses_spurious', { count: event.count }]];
    default:
      return assertNever(event, 'event');
  }
}

const stateRecord = (state: string): NamedData => ['connectivity:connection_state_updated', { new: state }];

const connectionData = (remote: Address): object => ({
  ip_version: isIpv6(remote.host) ? 'v6' : 'v4',
  dst_ip: remote.host,
  dst_port: remote.port,
});

const endpointData = (address: Address): object =>
  isIpv6(address.host)
    ? { ip_v6: address.host, port_v6: address.port }
    : { ip_v4: address.host, port_v4: address.port };

const parametersData = (remote: TransportParameters): object => ({
  owner: 'remote',
  initial_max_data: remote.connectionWindowBytes,
  initial_max_stream_data_bidi_local: remote.streamWindowBytes,
  initial_max_stream_data_bidi_remote: remote.streamWindowBytes,
  initial_max_streams_bidi: remote.remoteStreamsMax,
  max_udp_payload_size: remote.datagramBytesMax,
  max_idle_timeout: remote.idleTimeoutMs,
});

function closeData({ reason, byRemote }: { reason: Reason; byRemote: boolean }): object {
  const owner = byRemote ? 'remote' : 'local';
  if (typeof reason === 'number') return { owner, application_code: reason, trigger: 'application' };
  const triggers: Partial<Record<Reason, string>> = {
    done: 'clean',
    idleTimedOut: 'idle_timeout',
    handshakeTimedOut: 'handshake_timeout',
  };
  return { owner, reason, trigger: triggers[reason] ?? 'error' };
}

const metricsData = (metrics: Metrics): object => ({
  min_rtt: Number.isFinite(metrics.minRttMs) ? metrics.minRttMs : undefined,
  smoothed_rtt: metrics.srttMs,
  latest_rtt: metrics.latestRttMs,
  rtt_variance: metrics.rttvarMs,
  congestion_window: Math.floor(metrics.cwndBytes),
  bytes_in_flight: metrics.bytesInFlight,
  pacing_rate: Math.round(8 * metrics.pacingRateBytesPerSecond), // bits per second
});

const packetData = ({ kind, packetNumber, bytes, contents }: Packet): object => ({
  header: { packet_type: kind === 'handshake' ? 'handshake' : '1RTT', packet_number: packetNumber },
  raw: { length: bytes },
  frames: contents.map(frameData),
});

function frameData(content: PacketContent): object {
  switch (content.type) {
    case 'piece': {
      const { stream, offset, length, last } = content;
      return { frame_type: 'stream', stream_id: streamId(stream), offset, length, fin: last };
    }
    case 'handshake':
      return { frame_type: 'crypto', offset: 0, length: content.length };
    case 'ack':
      return { frame_type: 'ack', ack_delay: content.delayUs / 1_000, acked_ranges: rangePairs(content.ranges) };
    case 'ping':
      return { frame_type: 'ping' };
    case 'handshakeDone':
      return { frame_type: 'handshake_done' };
    case 'maxData':
      return { frame_type: 'max_data', maximum: content.bytes };
    case 'maxStreamData':
      return { frame_type: 'max_stream_data', stream_id: streamId(content.stream), maximum: content.bytes };
    case 'maxStreams':
      return { frame_type: 'max_streams', stream_type: 'bidirectional', maximum: content.count };
    case 'reset':
      return {
        frame_type: 'reset_stream',
        stream_id: streamId(content.stream),
        error_code: content.code,
        final_size: content.finalOffset,
      };
    case 'stop':
      return { frame_type: 'stop_sending', stream_id: streamId(content.stream), error_code: content.code };
    case 'repair':
      return { frame_type: 'shoal_repair', stream_id: streamId(content.stream), offset: content.start };
    case 'close': {
      const error_space = content.code >= applicationCodes ? 'application' : 'transport';
      return { frame_type: 'connection_close', error_space, error_code: content.code };
    }
    case 'pathChallenge':
      return { frame_type: 'path_challenge', data: content.token.toString(16) };
    case 'pathResponse':
      return { frame_type: 'path_response', data: content.token.toString(16) };
    default:
      return assertNever(content, 'packet content');
  }
}

/** QUIC's number of a stream: its second bit says that it goes both ways, as all of ours do. */
const streamId = (stream: number): number => 2 * (stream - (stream % 2)) + (stream % 2);

/** First and last number of each range. */
const rangePairs = (ranges: readonly number[]): [number, number][] =>
  Array.from({ length: ranges.length / 2 }, (_, i) => [ranges[2 * i]!, ranges[2 * i + 1]! - 1]);
