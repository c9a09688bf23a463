// For tests and simulators: datagram networks in virtual time.

export * from './datagram-network.ts';
export * from './lab.ts';
export * from './profiles.ts';
