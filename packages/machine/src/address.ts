// Where a node is reached: a numeric IP address (or a host name, before it is looked up) and a UDP port.

/** `host` is an IPv4 or IPv6 address or a host name, without brackets; `port` is from 1 to 65535. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const hostBytesMax = 253; // RFC 1035 section 2.3.4, less the length octets

/**
 * Whether a host that is an IP address is one of IPv6: no other kind, and no name, has colons. (The pattern of `net.isIPv6`
 * takes 16 ms to compile, a twentieth of a command's start.)
 */
export const isIpv6 = (host: string): boolean => host.includes(':');

/** `host:port`, or `[host]:port` when the host has colons. */
export const formatAddress = ({ host, port }: Address): string =>
  isIpv6(host) ? `[${host}]:${port}` : `${host}:${port}`;

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
