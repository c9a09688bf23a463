// The tracker on a real carrier: a server, and single questions to one.

export * from './ask.ts';
export type * from './lasting-store.ts';
export * from './open-store.ts';
export * from './serve.ts';
