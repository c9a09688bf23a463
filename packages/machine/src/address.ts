// Where a node is reached: a numeric IP address (or a host name, before it is looked up) and a UDP port.

/** `host` is an IPv4 or IPv6 address or a host name, without brackets; `port` is from 1 to 65535. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const hostBytesMax = 253; // RFC 1035 section 2.3.4, less the length octets

/** `host:port`, or `[host]:port` when the host has colons. */
export const formatAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** Reads `host:port` or `[host]:port`; undefined when it is neither. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? '';
  const port = Number(match[3]);
  return isAddress({ host, port }) ? { host, port } : undefined;
}

/** Checks the parts of an address that came from outside. */
export const isAddress = ({ host, port }: Address): boolean =>
  host.length > 0 &&
  host.length <= hostBytesMax &&
  /^[\w.:%-]+$/.test(host) &&
  Number.isInteger(port) &&
  port >= 1 &&
  port <= 65_535;

/** True when both name the same host text and port. */
export const sameAddress = (a: Address, b: Address): boolean => a.port === b.port && a.host === b.host;
