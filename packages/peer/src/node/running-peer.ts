// A peer as its user sees it, from `openPeer` until it is closed: it shares, gets, describes and gathers,
// and passes tickets on by short codes.

import type { ManifestDocument, Ticket } from '@shoal/chunker';
import type { Address, PeerId } from '@shoal/machine';
import type { GatherOptions, Gathering } from './gathering.ts';
import type { FoundTicket, KeepCodeOptions, KeptCode, UseCodeOptions } from './meetings.ts';
import type { GetOptions, ShareOptions } from './peer-options.ts';
import type { Share, Transfer } from './transfer.ts';

export interface RunningPeer extends AsyncDisposable {
  readonly peer: PeerId;
  readonly address: Address;
  /**
   * Answers for a short code: whoever proves to have it is given the ticket. Wrong guesses are told by the event
   * `codeGuessed`, right ones by `codeAccepted`. Fails with a ShoalError `exists` when a code with that number is in use here.
   */
  keepCode(options: KeepCodeOptions): Promise<KeptCode>;
  /**
   * Calls with a short code, until somebody who keeps it gives the ticket. Throws a UsageError when it is no code; fails
   * with a ShoalError `authenticationFailed` when those found say that it is wrong, `exists`, or `aborted`.
   */
  useCode(code: string, options?: UseCodeOptions): Promise<FoundTicket>;
  /**
   * Hashes a file or folder and serves it until closed. Fails with a ShoalError that names the path: `notFound`,
   * `permissionDenied`, `nameUnsafe`, `contentChanged`, `manifestInvalid`, `exists` when it is shared already, `aborted`.
   */
  share(options: ShareOptions): Promise<Share>;
  /**
   * Fetches what a ticket names, from everybody who has it. Throws a ShoalError: `ticketInvalid`, or `exists` when the
   * peer has that content in hand already, `refused` when a neighbour is this peer itself. What comes later fails `done`.
   */
  get(ticket: string | Ticket, options?: GetOptions): Transfer;
  /**
   * What a ticket names, without fetching it: the manifest, from anybody who has it. Fails with a ShoalError:
   * `ticketInvalid`, `exists` when the peer has that content in hand, `aborted`.
   */
  describe(ticket: string | Ticket, options?: { readonly signal?: AbortSignal }): Promise<ManifestDocument>;
  /**
   * Gathers what nobody has a manifest of, by the trackers of the peer. Throws UsageError when the draft cannot be one, and a
   * ShoalError `exists` when it is in hand already. What peers agree on is found out elsewhere, and told by `agree`.
   */
  gather(options: GatherOptions): Gathering;
  /** Ends all transfers, tells the trackers, closes the carrier. */
  close(): Promise<void>;
}
