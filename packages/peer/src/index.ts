// The swarm without the world: what to fetch from whom, what to give to whom.

export * from './content.ts';
export { type DraftContent, swarmOfDraft } from './draft-content.ts';
export * from './events.ts';
export * from './fluid-bound.ts';
export type { Gathering, GatheringOptions } from './gathering.ts';
export type { JoinOptions } from './join-options.ts';
export type { FixedNeighbours } from './links/fixed-neighbours.ts';
export { type Priority, type PrioritySpan, type ReadingPlace } from './picking/demand.ts';
export { choiceOf, type FileSelector } from './picking/file-wishes.ts';
export type { RemotePicture, SwarmPicture } from './picture.ts';
export { type PolicyName } from './picking/picker.ts';
export type { RateLimits } from './rate-limits.ts';
export * from './session.ts';
export * from './session-options.ts';
export * from './store-orders.ts';
export type { Offence } from './strikes.ts';
export type { RemoteTally, SwarmReport } from './tally.ts';
export type { Holdup, HoldupShares } from './time-shares.ts';
