// Addresses where peers of our swarms may be reached, and when to dial them: what trackers, tickets and other peers told
// us. Nothing here is believed before a link is up: an address that fails waits longer each time and is dropped in the
// end. The table is bounded, and what other peers say (hearsay) can fill only half of it and use only half of the dials, and
// each failure counts against all that the same peer told us, so that a stranger who introduces nonsense does not keep us
// from anybody real.

import {
  type Address,
  after,
  earliest,
  formatAddress,
  type Instant,
  isAddress,
  type LinkCode,
  NEVER,
  type PeerId,
  type Rng,
  Timers,
} from '@shoal/machine';
import type { PeerContact, SwarmId } from '@shoal/wire';

/** Most addresses from trackers, tickets and links, and as many again from hearsay; further ones are ignored, unless
 * hearsay that failed can make room for them. */
const contactsMax = 1_024;
const dialsMax = 4; // at once, of each kind
const retryMinMs = 500;
const retryMaxMs = 60_000;
const failuresMax = 8; // after so many in a row the address is forgotten, until somebody tells it again

/** Who says that somebody is there: a tracker or the peer itself, unless this is said. */
export interface Source {
  /** Our user, who may have nobody else to name: it is never forgotten. */
  readonly given?: boolean;
  /** Another peer, or a host of the local network: hearsay. */
  readonly heardFrom?: string;
}

/** How soon an address is tried again after a link that ended so. Others: as after a failure. */
const restMs: Partial<Record<LinkCode, number>> = { duplicate: 2_000, done: 30_000, busy: 15_000, banned: 600_000 };

export interface Contact {
  readonly address: Address;
  /** Who answers there, once known. */
  peer: PeerId | undefined;
  /** The swarms in which we heard of it. */
  readonly swarms: Set<SwarmId>;
  state: 'idle' | 'dialling' | 'linked';
  failures: number;
  /** Who told us, when only another peer has. */
  heardFrom: string | undefined;
  given: boolean;
  /** A link was once up there: worth telling others. */
  proven: boolean;
}

export class Contacts {
  readonly #rng: Rng;
  readonly #byAddress = new Map<string, Contact>();
  readonly #byDial = new Map<number, Contact>();
  /** Idle ones that are to be dialled, by when. Those whose peer is linked or unwanted are not among them. */
  readonly #dueTold = new Timers<Contact>();
  readonly #dueHearsay = new Timers<Contact>();
  #hearsayCount = 0;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  /** Somebody says that the swarm is shared there. Undefined when there is no more room. */
  add(
    swarm: SwarmId,
    { address, peer }: PeerContact,
    now: Instant,
    { given = false, heardFrom }: Source = {},
  ): Contact | undefined {
    if (!isAddress(address)) return undefined;
    const known = this.#byAddress.get(formatAddress(address));
    const contact = known ?? this.#new(address, peer, heardFrom);
    if (contact === undefined) return undefined;
    if (heardFrom === undefined && isHearsay(contact)) this.#believe(contact);
    contact.given ||= given;
    contact.swarms.add(swarm);
    const due = this.#due(contact);
    if (contact.state === 'idle' && due.at(contact) === NEVER) due.set(contact, now);
    return contact;
  }

  /** No longer dialled for this swarm. */
  leave(swarm: SwarmId): void {
    for (const contact of this.#byAddress.values()) {
      contact.swarms.delete(swarm);
      if (contact.swarms.size === 0 && contact.state === 'idle') this.forget(contact);
    }
  }

  /** The next address to dial now. One whose peer `may` not be dialled is passed over until it is told again. */
  next(may: (contact: Contact) => boolean, now: Instant): Contact | undefined {
    return (
      (this.#mayDial(false) ? nextOf(this.#dueTold, may, now) : undefined) ??
      (this.#mayDial(true) ? nextOf(this.#dueHearsay, may, now) : undefined)
    );
  }

  dialled(contact: Contact, dial: number): void {
    contact.state = 'dialling';
    this.#byDial.set(dial, contact);
  }

  /** The dial came to a link. Undefined when the dial is not ours. */
  opened(dial: number, peer: PeerId): Contact | undefined {
    const contact = this.#take(dial);
    if (contact === undefined) return undefined;
    contact.peer = peer;
    contact.state = 'linked';
    contact.failures = 0;
    contact.proven = true;
    if (isHearsay(contact)) this.#vouchedFor(contact);
    return contact;
  }

  /** The dial came to nothing. Undefined when the dial is not ours. */
  failed(dial: number, code: LinkCode, now: Instant): Contact | undefined {
    const contact = this.#take(dial);
    if (contact === undefined) return undefined;
    // Whoever told us of the address may have named the wrong peer: the next dial takes whoever is there.
    if (code === 'authenticationFailed') contact.peer = undefined;
    for (const other of this.#siblings(contact)) this.#backOff(other, now);
    this.#backOff(contact, now);
    return contact;
  }

  /** The link to it ended. */
  closed(contact: Contact, code: LinkCode, now: Instant): void {
    contact.state = 'idle';
    const pauseMs = restMs[code];
    if (pauseMs === undefined) this.#backOff(contact, now);
    else this.#retry(contact, pauseMs, now);
    if (contact.swarms.size === 0) this.forget(contact);
  }

  /** The link to a peer ended: wherever it may be, it is worth a dial again. */
  unlinked(peer: PeerId, code: LinkCode, now: Instant): void {
    for (const contact of Array.from(this.#ofPeer(peer))) {
      const isPassedOver = contact.state === 'idle' && this.#due(contact).at(contact) === NEVER;
      if (contact.state === 'linked' || isPassedOver) this.closed(contact, code, now);
    }
  }

  /** Whoever is linked has moved from there, where our user may have named it: nobody else is told of it any more. */
  deserted(contact: Contact): void {
    if (contact.given) contact.proven = false;
    else this.forget(contact);
  }

  /** Never to be dialled again, until somebody tells it anew: it is ourselves, or somebody who is banned. */
  forget(contact: Contact): void {
    if (this.#byAddress.delete(formatAddress(contact.address)) && isHearsay(contact)) this.#hearsayCount -= 1;
    this.#due(contact).clear(contact);
  }

  /** Peers of a swarm that were reached, for telling others. */
  *ofSwarm(swarm: SwarmId): Generator<Contact> {
    for (const contact of this.#byAddress.values()) if (contact.proven && contact.swarms.has(swarm)) yield contact;
  }

  /** The swarms in which we heard of a peer, at whatever address. */
  swarmsOf(peer: PeerId): Set<SwarmId> {
    const swarms = new Set<SwarmId>();
    for (const contact of this.#ofPeer(peer)) for (const swarm of contact.swarms) swarms.add(swarm);
    return swarms;
  }

  /** When the next address may be dialled; `NEVER` while as many are as may be. */
  nextTimeout(): Instant {
    return earliest(
      this.#mayDial(false) ? this.#dueTold.next() : NEVER,
      this.#mayDial(true) ? this.#dueHearsay.next() : NEVER,
    );
  }

  *#ofPeer(peer: PeerId): Generator<Contact> {
    for (const contact of this.#byAddress.values()) if (contact.peer === peer) yield contact;
  }

  #new(address: Address, peer: PeerId | undefined, heardFrom: string | undefined): Contact | undefined {
    const hearsay = heardFrom !== undefined;
    if (hearsay && this.#hearsayCount >= contactsMax) this.#forgetWorst();
    const count = hearsay ? this.#hearsayCount : this.#byAddress.size - this.#hearsayCount;
    if (count >= contactsMax) return undefined;
    const swarms = new Set<SwarmId>();
    const contact: Contact = {
      address,
      peer,
      swarms,
      state: 'idle',
      failures: 0,
      heardFrom,
      given: false,
      proven: false,
    };
    this.#byAddress.set(formatAddress(address), contact);
    if (hearsay) this.#hearsayCount += 1;
    return contact;
  }

  /** Others that the same peer told us of and that wait: what is false of one is likely false of all. */
  #siblings({ heardFrom }: Contact): Contact[] {
    if (heardFrom === undefined) return [];
    return Array.from(this.#byAddress.values()).filter(
      (other) => other.heardFrom === heardFrom && other.state === 'idle',
    );
  }

  /** It was there, which speaks for what else the same peer told us. */
  #vouchedFor(contact: Contact): void {
    for (const other of this.#siblings(contact)) other.failures = 0;
    this.#believe(contact);
  }

  /** Makes room for new hearsay where it has failed most often. */
  #forgetWorst(): void {
    let worst: Contact | undefined;
    for (const contact of this.#byAddress.values())
      if (isHearsay(contact) && contact.state === 'idle' && contact.failures > (worst?.failures ?? 0)) worst = contact;
    if (worst !== undefined) this.forget(worst);
  }

  /** It is hearsay no longer. */
  #believe(contact: Contact): void {
    const at = this.#dueHearsay.at(contact);
    this.#dueHearsay.clear(contact);
    this.#dueTold.set(contact, at);
    this.#hearsayCount -= 1;
    contact.heardFrom = undefined;
  }

  #due(contact: Contact): Timers<Contact> {
    return isHearsay(contact) ? this.#dueHearsay : this.#dueTold;
  }

  /** Whether not all dials of this kind are in use. */
  #mayDial(hearsay: boolean): boolean {
    let dials = 0;
    for (const contact of this.#byDial.values()) if (isHearsay(contact) === hearsay) dials += 1;
    return dials < dialsMax;
  }

  #take(dial: number): Contact | undefined {
    const contact = this.#byDial.get(dial);
    this.#byDial.delete(dial);
    return contact;
  }

  #backOff(contact: Contact, now: Instant): void {
    contact.state = 'idle';
    contact.failures += 1;
    if (contact.failures > failuresMax && !contact.given) return this.forget(contact);
    this.#retry(contact, Math.min(retryMaxMs, retryMinMs * 2 ** contact.failures), now);
  }

  #retry(contact: Contact, pauseMs: number, now: Instant): void {
    this.#due(contact).set(contact, after(now, pauseMs * (0.75 + 0.5 * this.#rng.float())));
  }
}

function nextOf(due: Timers<Contact>, may: (contact: Contact) => boolean, now: Instant): Contact | undefined {
  for (let contact = due.pop(now); contact !== undefined; contact = due.pop(now))
    if (contact.state === 'idle' && contact.swarms.size > 0 && may(contact)) return contact;
  return undefined;
}

const isHearsay = ({ heardFrom }: Contact): boolean => heardFrom !== undefined;
