// Every message of the shoal protocol, and the codec that checks them.

export * from './codec.ts';
export * from './drafts.ts';
export * from './families.ts';
export * from './limits.ts';
export * from './messages.ts';
export * from './packed.ts';
