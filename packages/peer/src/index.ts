// The swarm without the world: what to fetch from whom, what to give to whom.

export * from './content.ts';
export * from './events.ts';
export * from './fluid-bound.ts';
export * from './picking/policy.ts';
export * from './picking/rarest-first.ts';
export type { RateLimits } from './rate-limits.ts';
export * from './session.ts';
export * from './store-orders.ts';
export type { Offence } from './strikes.ts';
export type { RemoteTally, SwarmReport } from './tally.ts';
