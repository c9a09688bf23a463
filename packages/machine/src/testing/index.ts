// What other packages' tests use in place of the world.

export * from './agenda.ts';
export * from './link-network.ts';
export * from './fake-clock.ts';
export type { Carry, Medium, Parcel } from './medium.ts';
