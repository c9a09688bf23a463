// Reliable, congestion-controlled, encrypted streams over UDP, without IO: the endpoint, and links over it.

export * from './codes.ts';
export { type TransportConfig, defaultConfig } from './config.ts';
export * from './congestion/controller.ts';
export { Bbr } from './congestion/bbr.ts';
export { Cubic } from './congestion/cubic.ts';
export type { LostPacket, RateSample } from './congestion/delivery-rate.ts';
export { Ledbat } from './congestion/ledbat.ts';
export { controllerFor, type TransferPriority } from './congestion/priority.ts';
export { Connection } from './connection/connection.ts';
export type { ConnectionEvent, ConnectionStats } from './connection/connection-facts.ts';
export type { StreamEvent } from './connection/stream-table.ts';
export * from './crypto.ts';
export * from './datagram-machine.ts';
export * from './endpoint.ts';
export * from './events/transport-event.ts';
export { type ConnectionStarted, qlogBeginning, qlogNote, qlogRecords } from './events/qlog.ts';
export type { TransportParameters } from './handshake/parameters.ts';
export type { AckFrame, Frame } from './packet/frames.ts';
export { nobleCrypto } from './noble-crypto.ts';
export { Stream, type StreamPriority } from './streams/stream.ts';
export { LinkCarrier } from './links/link-carrier.ts';
