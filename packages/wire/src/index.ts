// Every message of the shoal protocol, and the codec that checks them.

export * from './messages.ts';
