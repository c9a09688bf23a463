// The transport on real sockets, with Node's own cryptography.

export { generateKeyPair, keyPairFrom } from './identity.ts';
export { type ConnectionEnd, NodeConnection } from './node-connection.ts';
export { nodeCrypto } from './node-crypto.ts';
export { NodeStream } from './node-stream.ts';
export { NodeEndpoint, openEndpoint } from './open-endpoint.ts';
export { type NodeLinks, openLinks } from './open-links.ts';
export type { SocketOptions } from './ground.ts';
export type { TraceOptions } from './trace.ts';
export type { SocketStats } from './udp-socket.ts';
