// The transport on real sockets, with Node's own cryptography.

export { generateKeyPair, keyPairFrom } from './identity.ts';
export { nodeCrypto } from './node-crypto.ts';
export { type LinksOptions, type NodeLinks, openLinks } from './open-links.ts';
export type { SocketStats } from './udp-socket.ts';
