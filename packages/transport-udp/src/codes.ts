// Why a connection ended or a stream was given up. Both cross the network as a number: below `applicationCodes` it is
// one of these lists, from there on it belongs to whoever uses the transport.

/** Closed list; the position is the number on the wire. */
export const transportCodes = [
  'done',
  'idleTimedOut',
  'handshakeTimedOut',
  'authenticationFailed',
  'protocolViolated',
  'flowControlViolated',
  'damaged',
  'refused',
  'exhausted',
] as const;
export type TransportCode = (typeof transportCodes)[number];

/** First number that belongs to the application. */
export const applicationCodes = 0x1000;
/** Last one. */
export const applicationCodeMax = 0x3fff_ffff;

/** A transport's reason by name, or an application's own number (0 and up). */
export type Reason = TransportCode | number;

export const reasonToWire = (reason: Reason): number =>
  typeof reason === 'number' ? applicationCodes + reason : transportCodes.indexOf(reason);

/** Numbers nobody has a name for read as `protocolViolated`. */
export const reasonFromWire = (wire: number): Reason =>
  wire >= applicationCodes ? wire - applicationCodes : (transportCodes[wire] ?? 'protocolViolated');
