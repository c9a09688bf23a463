// A whole swarm in one process: the real sessions, tracker and transport in virtual time, the same run for the same seed.

export { fluidBoundMs, type Population } from '@shoal/peer';
export * from './chunk-times.ts';
export * from './content.ts';
export * from './datagram-links.ts';
export * from './fluid-medium.ts';
export * from './fluid-network.ts';
export * from './scenario.ts';
export * from './scenarios.ts';
export * from './sim-network.ts';
export * from './sim-peer.ts';
export * from './sim-tracker.ts';
export * from './trace.ts';
export * from './uplink-watch.ts';
export type { ViewerReport } from './viewer.ts';
export * from './world.ts';
