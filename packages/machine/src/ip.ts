// Numeric hosts as 16 bytes, for tables and messages that hold many of them: IPv6 as it is, IPv4 as ::ffff:a.b.c.d
// (RFC 4291 section 2.5.5.2). Text comes back in the one form of RFC 5952.

export const ipBytes = 16;

/** How far an address reaches. `private` covers link-local, shared (RFC 6598) and unique local ones. */
export type IpScope = 'loopback' | 'private' | 'public';

/** Writes the host's bytes at `offset`; false, and nothing useful is written, when `host` is no numeric address. A zone is dropped. */
export function writeIp(host: string, target: Uint8Array, offset: number): boolean {
  const text = host.includes('%') ? host.slice(0, host.indexOf('%')) : host;
  target.fill(0, offset, offset + ipBytes);
  if (text.includes(':')) return writeIpv6(text, target, offset);
  target[offset + 10] = target[offset + 11] = 0xff;
  return writeIpv4(text, target, offset + 12);
}

/** The host whose bytes stand at `offset`. */
export function readIp(source: Uint8Array, offset: number): string {
  if (isIpv4(source, offset)) return source.subarray(offset + 12, offset + ipBytes).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => (source[offset + 2 * i]! << 8) | source[offset + 2 * i + 1]!);
  const [start, length] = longestZeros(groups);
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return length < 2 ? text(0, 8) : `${text(0, start)}::${text(start + length, 8)}`;
}

/** The one way to write this host; undefined when it is no numeric address. */
export function canonicalIp(host: string): string | undefined {
  const ip = new Uint8Array(ipBytes);
  return writeIp(host, ip, 0) ? readIp(ip, 0) : undefined;
}

/** The network of a numeric host, by how many of its first bytes; undefined when the host is no numeric address. */
export function ipNetwork(host: string, bytes: { readonly ipv4: number; readonly ipv6: number }): string | undefined {
  const ip = new Uint8Array(ipBytes);
  if (!writeIp(host, ip, 0)) return undefined;
  return readIp(ip.fill(0, isIpv4(ip, 0) ? ipBytes - 4 + bytes.ipv4 : bytes.ipv6), 0);
}

/** How far a host reaches; what is no numeric address counts as public. */
export function hostScope(host: string): IpScope {
  const ip = new Uint8Array(ipBytes);
  return writeIp(host, ip, 0) ? ipScope(ip, 0) : 'public';
}

export function isIpv4(source: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 10; i += 1) if (source[offset + i] !== 0) return false;
  return source[offset + 10] === 0xff && source[offset + 11] === 0xff;
}

export function ipScope(source: Uint8Array, offset: number): IpScope {
  if (isIpv4(source, offset)) {
    const [a, b] = [source[offset + 12]!, source[offset + 13]!];
    if (a === 127) return 'loopback';
    const inPrivate = a === 10 || (a === 172 && b >> 4 === 1) || (a === 192 && b === 168);
    return inPrivate || (a === 169 && b === 254) || (a === 100 && b >> 6 === 1) ? 'private' : 'public';
  }
  const [a, b] = [source[offset]!, source[offset + 1]!];
  if ((a & 0xfe) === 0xfc || (a === 0xfe && b >> 6 === 2)) return 'private';
  const isOne = source[offset + 15] === 1 && source.subarray(offset, offset + 15).every((byte) => byte === 0);
  return isOne ? 'loopback' : 'public';
}

function writeIpv4(text: string, target: Uint8Array, offset: number): boolean {
  const parts = text.split('.');
  if (parts.length !== 4) return false;
  for (const [i, part] of parts.entries()) {
    const value = /^(0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256; // leading zeros mean octal to some
    if (value > 255) return false;
    target[offset + i] = value;
  }
  return true;
}

function writeIpv6(text: string, target: Uint8Array, offset: number): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const head = ipv6Groups(halves[0]!, halves.length === 1);
  const tail = ipv6Groups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return false;
  const count = head.length + tail.length;
  if (halves.length === 2 ? count > 7 : count !== 8) return false;
  const write = (groups: readonly number[], from: number): void => {
    for (const [i, group] of groups.entries()) {
      target[offset + 2 * (from + i)] = group >> 8;
      target[offset + 2 * (from + i) + 1] = group & 255;
    }
  };
  write(head, 0);
  write(tail, 8 - tail.length);
  return true;
}

/** The 16-bit groups of one side of a `::`; the last two of all may be written as IPv4. */
function ipv6Groups(side: string, isLast: boolean): readonly number[] | undefined {
  if (side === '') return [];
  const groups: number[] = [];
  const parts = side.split(':');
  for (const [i, part] of parts.entries()) {
    const dotted = new Uint8Array(4);
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else if (isLast && i === parts.length - 1 && writeIpv4(part, dotted, 0))
      groups.push((dotted[0]! << 8) | dotted[1]!, (dotted[2]! << 8) | dotted[3]!);
    else return undefined;
  }
  return groups;
}

/** Where the first longest run of zeros begins, and how long it is. */
function longestZeros(groups: readonly number[]): readonly [number, number] {
  let best: readonly [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start += 1) {
    let end = start;
    while (groups[end] === 0) end += 1;
    if (end - start > best[1]) best = [start, end - start];
  }
  return best;
}
