// The link that one person hands another: which file-set, and where to begin asking for it. `shoal:` and base64url of
//   version (1 byte) | length of the body (2 bytes, big-endian) | body | checksum of all before (4 bytes of BLAKE3)
// with the body a canonical msgpack array [swarmId, name, bytes, [tracker…], [peer…]], addresses as text. The length
// tells a link that was cut short from one that was mistyped.

import { type Address, bytesEqual, formatAddress, fromHex, parseAddress, toHex, UsageError } from '@shoal/machine';
import { fromBase64url, toBase64url } from './base64url.ts';
import { CanonicalReader, CanonicalWriter } from './canonical.ts';
import { type Decoded, decoded, refused } from './decoded.ts';
import { digestBytes, pureHashes } from './hash.ts';
import { describePathProblem, nameBytesMax, nameProblem, showName } from './safe-path.ts';
import type { SwarmId } from './swarm-id.ts';

const scheme = 'shoal:';
const ticketVersion = 1;
const headerBytes = 3;
const checksumBytes = 4;

/** Most trackers, and most peers, in one ticket; more are refused. */
export const ticketAddressesMax = 16;
const addressBytesMax = 300; // a host name of 253, a port, brackets and a zone
const ticketCharsMax = 16_384; // above every ticket that can be made; longer text is refused unread

export interface Ticket {
  readonly swarmId: SwarmId;
  /** For people; the manifest decides. */
  readonly name: string;
  readonly bytes: number;
  readonly trackers: readonly Address[];
  readonly peers: readonly Address[];
}

/** Why text is no ticket. */
export type TicketProblem = 'notATicket' | 'cutShort' | 'mistyped' | 'version' | 'malformed' | 'nameUnsafe';

/** The link for a ticket. Throws a UsageError for what no ticket can hold. */
export function formatTicket(ticket: Ticket): string {
  checkTicket(ticket);
  const writer = new CanonicalWriter().array(5);
  writer.bytes(fromHex(ticket.swarmId)!).text(ticket.name).uint(ticket.bytes);
  for (const addresses of [ticket.trackers, ticket.peers]) {
    writer.array(addresses.length);
    for (const address of addresses) writer.text(formatAddress(address));
  }
  const body = writer.finish();
  const bytes = new Uint8Array(headerBytes + body.length + checksumBytes);
  bytes.set([ticketVersion, body.length >> 8, body.length & 255]);
  bytes.set(body, headerBytes);
  bytes.set(checksum(bytes.subarray(0, headerBytes + body.length)), headerBytes + body.length);
  return scheme + toBase64url(bytes);
}

/** Reads a link as it was pasted; space around it is ignored. */
export function parseTicket(text: string): Decoded<Ticket, TicketProblem> {
  const link = text.trim();
  if (link.slice(0, scheme.length).toLowerCase() !== scheme)
    return refused('notATicket', 'this is not a ticket: a ticket begins with shoal:');
  const bytes = link.length > ticketCharsMax ? undefined : fromBase64url(link.slice(scheme.length));
  if (bytes === undefined) return refused('mistyped', 'the ticket is mistyped: copy it again');
  if (bytes.length > 0 && bytes[0] !== ticketVersion)
    return refused('version', 'the ticket is mistyped, or made by a newer shoal: copy it again, or update');
  const bodyBytes = bytes.length < headerBytes ? 0 : bytes[1]! * 256 + bytes[2]!;
  const signed = headerBytes + bodyBytes;
  if (bytes.length < signed + checksumBytes) return refused('cutShort', 'the ticket is cut short: copy all of it');
  if (bytes.length > signed + checksumBytes || !bytesEqual(checksum(bytes.subarray(0, signed)), bytes.subarray(signed)))
    return refused('mistyped', 'the ticket is mistyped: copy it again');
  return readBody(bytes.subarray(headerBytes, signed));
}

function readBody(body: Uint8Array): Decoded<Ticket, TicketProblem> {
  const reader = new CanonicalReader(body);
  const fields = reader.array(5);
  const swarmId = toHex(reader.bytes(digestBytes)) as SwarmId;
  const name = reader.text(nameBytesMax);
  const bytes = reader.uint();
  const trackers = readAddresses(reader);
  const peers = readAddresses(reader);
  if (fields !== 5 || !reader.done || trackers === undefined || peers === undefined)
    return refused('malformed', 'the ticket is whole, but holds what no ticket may hold');
  const problem = nameProblem(name);
  if (problem !== undefined)
    return refused('nameUnsafe', `the ticket's name ${showName(name)} ${describePathProblem(problem)}`);
  return decoded({ swarmId, name, bytes, trackers, peers });
}

function readAddresses(reader: CanonicalReader): Address[] | undefined {
  const addresses: Address[] = [];
  for (let left = reader.array(ticketAddressesMax); left > 0 && !reader.failed; left -= 1) {
    const address = parseAddress(reader.text(addressBytesMax));
    if (address === undefined) return undefined;
    addresses.push(address);
  }
  return addresses;
}

function checkTicket({ swarmId, name, bytes, trackers, peers }: Ticket): void {
  if (fromHex(swarmId)?.length !== digestBytes) throw new UsageError('swarmId', 'is not 64 hexadecimal digits');
  const problem = nameProblem(name);
  if (problem !== undefined) throw new UsageError('name', `${showName(name)} ${describePathProblem(problem)}`);
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new UsageError('bytes', 'is not a whole number from 0');
  for (const [option, addresses] of Object.entries({ trackers, peers })) {
    if (addresses.length > ticketAddressesMax)
      throw new UsageError(option, `a ticket holds at most ${ticketAddressesMax} of them`);
    for (const address of addresses)
      if (parseAddress(formatAddress(address)) === undefined)
        throw new UsageError(option, `${showName(formatAddress(address))} is not an address`);
  }
}

const checksum = (bytes: Uint8Array): Uint8Array => pureHashes.blake3.digest(bytes).subarray(0, checksumBytes);
