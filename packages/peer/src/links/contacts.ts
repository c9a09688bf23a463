// Addresses where peers of our swarms may be reached, and when to dial them: what trackers, tickets and other peers told
// us. Nothing here is believed before a link is up: an address that fails waits longer each time and is dropped in the
// end. The table is bounded, and what other peers say (hearsay) can fill only half of it and use only half of the dials, so
// that a stranger who introduces nonsense does not keep us from anybody real.

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

/** Most addresses from trackers, tickets and links, and as many again from hearsay; further ones are ignored. */
const contactsMax = 1_024;
const dialsMax = 4; // at once, of each kind
const retryMinMs = 500;
const retryMaxMs = 60_000;
const failuresMax = 8; // after so many in a row the address is forgotten, until somebody tells it again

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
  /** Only another peer has told us of it. */
  hearsay: boolean;
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
  add(swarm: SwarmId, { address, peer }: PeerContact, now: Instant, hearsay = false): Contact | undefined {
    if (!isAddress(address)) return undefined;
    const known = this.#byAddress.get(formatAddress(address));
    const contact = known ?? this.#new(address, peer, hearsay);
    if (contact === undefined) return undefined;
    if (!hearsay && contact.hearsay) this.#believe(contact);
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
    if (contact.hearsay) this.#believe(contact);
    return contact;
  }

  /** The dial came to nothing. Undefined when the dial is not ours. */
  failed(dial: number, code: LinkCode, now: Instant): Contact | undefined {
    const contact = this.#take(dial);
    if (contact === undefined) return undefined;
    // Whoever told us of the address may have named the wrong peer: the next dial takes whoever is there.
    if (code === 'authenticationFailed') contact.peer = undefined;
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

  /** Never to be dialled again, until somebody tells it anew: it is ourselves, or somebody who is banned. */
  forget(contact: Contact): void {
    if (this.#byAddress.delete(formatAddress(contact.address)) && contact.hearsay) this.#hearsayCount -= 1;
    this.#due(contact).clear(contact);
  }

  /** Peers of a swarm that were reached, for telling others. */
  *ofSwarm(swarm: SwarmId): Generator<Contact> {
    for (const contact of this.#byAddress.values()) if (contact.proven && contact.swarms.has(swarm)) yield contact;
  }

  /** The swarms in which we heard of a peer, at whatever address. */
  swarmsOf(peer: PeerId): Set<SwarmId> {
    const swarms = new Set<SwarmId>();
    for (const contact of this.#byAddress.values())
      if (contact.peer === peer) for (const swarm of contact.swarms) swarms.add(swarm);
    return swarms;
  }

  /** When the next address may be dialled; `NEVER` while as many are as may be. */
  nextTimeout(): Instant {
    return earliest(
      this.#mayDial(false) ? this.#dueTold.next() : NEVER,
      this.#mayDial(true) ? this.#dueHearsay.next() : NEVER,
    );
  }

  #new(address: Address, peer: PeerId | undefined, hearsay: boolean): Contact | undefined {
    const count = hearsay ? this.#hearsayCount : this.#byAddress.size - this.#hearsayCount;
    if (count >= contactsMax) return undefined;
    const contact: Contact = { address, peer, swarms: new Set(), state: 'idle', failures: 0, hearsay, proven: false };
    this.#byAddress.set(formatAddress(address), contact);
    if (hearsay) this.#hearsayCount += 1;
    return contact;
  }

  /** It is hearsay no longer. */
  #believe(contact: Contact): void {
    const at = this.#dueHearsay.at(contact);
    this.#dueHearsay.clear(contact);
    this.#dueTold.set(contact, at);
    this.#hearsayCount -= 1;
    contact.hearsay = false;
  }

  #due({ hearsay }: Contact): Timers<Contact> {
    return hearsay ? this.#dueHearsay : this.#dueTold;
  }

  /** Whether not all dials of this kind are in use. */
  #mayDial(hearsay: boolean): boolean {
    let dials = 0;
    for (const contact of this.#byDial.values()) if (contact.hearsay === hearsay) dials += 1;
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
    if (contact.failures > failuresMax) return this.forget(contact);
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
