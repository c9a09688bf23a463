// The tracker on a real carrier: a server, and single questions to one.

export * from './ask.ts';
export * from './serve.ts';
