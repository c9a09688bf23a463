// The sans-IO contract that every shoal package shares: no dependencies, no world.

export * from './address.ts';
export * from './bitfield.ts';
export * from './bytes.ts';
export * from './driver.ts';
export * from './errors.ts';
export * from './heap.ts';
export * from './ip.ts';
export * from './links.ts';
export * from './machine.ts';
export * from './range-set.ts';
export * from './rng.ts';
export * from './time.ts';
export * from './timers.ts';
