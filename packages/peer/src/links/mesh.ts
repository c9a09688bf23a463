// Who we are linked to, and whom we would like to be: dials what was found, admits who dials us, keeps one link for each
// peer, makes room, bans. It knows swarms only by name.

import {
  type Address,
  after,
  assertNever,
  earliest,
  type Instant,
  type LinkCode,
  type LinkFact,
  type LinkId,
  type LinkNumbers,
  type LinkOrder,
  NEVER,
  type PeerId,
  type Rng,
  Timers,
} from '@shoal/machine';
import type { Hello, Join, PeerContact, PeerMessage, SwarmId } from '@shoal/wire';
import type { SessionEvent } from '../events.ts';
import { type Offence, Strikes } from '../strikes.ts';
import { type Contact, Contacts, type Source } from './contacts.ts';
import { type Neighbour, Neighbours, swarmsPerLinkMax } from './neighbours.ts';

const introducedMax = 16; // peers of a swarm told to one newcomer; and noted from one link, what it says beyond is ignored

const lingerMs = 2_000; // a link that nothing needs any more is ended then: its remote may be about to join another swarm
const nothing = new Uint8Array();

export interface MeshOptions {
  readonly self: PeerId;
  readonly rng: Rng;
  readonly numbers: LinkNumbers;
  readonly agent: string;
  /** Told to remotes, so that they and others can dial us; undefined when we accept no links. */
  readonly listenPort: number | undefined;
  readonly perform: (order: LinkOrder) => void;
  readonly send: (link: LinkId, message: PeerMessage) => void;
  readonly emit: (event: SessionEvent) => void;
  /** Behind this address are we ourselves. */
  readonly metSelf: (contact: Contact) => void;
  /** Join the swarm on this link, unless that was done. */
  readonly greet: (swarm: SwarmId, link: LinkId) => void;
  /** Whether the link is of no use to any swarm. */
  readonly isIdle: (neighbour: Neighbour) => boolean;
  /** The link has ended. */
  readonly ended: (neighbour: Neighbour, code: LinkCode, now: Instant) => void;
}

export class Mesh {
  readonly #options: MeshOptions;
  readonly #contacts: Contacts;
  readonly #neighbours: Neighbours;
  readonly #strikes = new Strikes();
  /** Links whose swarms we have left. */
  readonly #lingering = new Timers<Neighbour>();

  constructor(options: MeshOptions) {
    this.#options = options;
    this.#contacts = new Contacts(options.rng.fork('contacts'));
    this.#neighbours = new Neighbours(options.self);
  }

  get linkCount(): number {
    return this.#neighbours.size;
  }

  get(link: LinkId): Neighbour | undefined {
    return this.#neighbours.get(link);
  }

  /** Peers of a swarm were found; they are dialled by and by. */
  found(swarm: SwarmId, peers: readonly PeerContact[], now: Instant, source?: Source): void {
    for (const told of peers) {
      if (told.peer === this.#options.self) continue;
      const contact = this.#contacts.add(swarm, told, now, source);
      if (contact === undefined) continue;
      const neighbour = this.#linkedTo(contact) ?? (told.peer && this.#neighbours.ofPeer(told.peer));
      if (neighbour !== undefined) this.#options.greet(swarm, neighbour.link);
    }
  }

  /** A remote tells us of peers of a swarm that it is in: so many are noted, and no more. */
  introduced(neighbour: Neighbour, swarm: SwarmId, peers: readonly PeerContact[], now: Instant): void {
    if (!neighbour.swarms.has(swarm)) return;
    const before = neighbour.introduced.get(swarm) ?? 0;
    const noted = peers.slice(0, introducedMax - before);
    neighbour.introduced.set(swarm, before + noted.length);
    this.found(swarm, noted, now, { heardFrom: neighbour.peer });
  }

  /** Some peers of the swarm that were reached, for telling another. */
  contactsFor(swarm: SwarmId, except: PeerId): PeerContact[] {
    const known: PeerContact[] = [];
    for (const { address, peer } of this.#contacts.ofSwarm(swarm))
      if (peer !== undefined && peer !== except) known.push({ address, peer });
    return this.#options.rng.shuffle(known).slice(0, introducedMax);
  }

  /** The swarm is ours no longer. Links that nothing else needs are ended by and by. */
  leave(swarm: SwarmId, now: Instant): void {
    this.#contacts.leave(swarm);
    for (const neighbour of this.#neighbours) {
      if (neighbour.swarms.delete(swarm))
        this.knocked(neighbour, { type: 'join', swarm, bits: nothing, offering: false });
      this.#lingering.set(neighbour, after(now, lingerMs));
    }
  }

  /** The remote says who it is. */
  handleHello(neighbour: Neighbour, { listenPort }: Hello): void {
    if (listenPort === undefined || neighbour.contact !== undefined) return;
    neighbour.listenAddress = { host: neighbour.address.host, port: listenPort };
  }

  /** The remote is in the swarm. False when it is in too many. */
  handleJoin(neighbour: Neighbour, swarm: SwarmId, now: Instant): boolean {
    if (!neighbour.swarms.has(swarm) && neighbour.swarms.size >= swarmsPerLinkMax) return false;
    neighbour.swarms.add(swarm);
    this.#noteContact(neighbour, swarm, now);
    return true;
  }

  /** The remote is in a swarm that we are not in: should we join, it is there. */
  knocked({ knocks }: Neighbour, join: Join): void {
    if (knocks.size < swarmsPerLinkMax) knocks.set(join.swarm, { ...join, bits: nothing });
  }

  /** Whose joins in the swarm came before ours; each is told once. */
  knocks(swarm: SwarmId): [Neighbour, Join][] {
    return Array.from(this.#neighbours).flatMap((neighbour) => {
      const join = neighbour.knocks.get(swarm);
      neighbour.knocks.delete(swarm);
      return join === undefined ? [] : [[neighbour, join]];
    });
  }

  handleFact(fact: LinkFact & { type: 'linkOpened' | 'dialFailed' | 'linkMoved' | 'linkClosed' }, now: Instant): void {
    switch (fact.type) {
      case 'linkOpened':
        return this.#opened(fact, now);
      case 'linkMoved': {
        const neighbour = this.#neighbours.get(fact.link);
        if (neighbour !== undefined) this.#moved(neighbour, fact.address, now);
        return;
      }
      case 'dialFailed': {
        const contact = this.#contacts.failed(fact.dial, fact.code, now);
        if (contact !== undefined)
          this.#options.emit({ type: 'dialFailed', address: contact.address, code: fact.code });
        return;
      }
      case 'linkClosed': {
        const neighbour = this.#neighbours.get(fact.link);
        if (neighbour !== undefined) this.#ended(neighbour, fact.code, now);
        return;
      }
      default:
        assertNever(fact, 'link fact');
    }
  }

  /** Notes an offence; a ban ends the link. */
  accuse(peer: PeerId, offence: Offence, now: Instant): void {
    const neighbour = this.#neighbours.ofPeer(peer);
    const banned = this.#strikes.strike(peer, offence, now);
    if (neighbour === undefined) return;
    this.#options.emit({ type: 'remoteStruck', peer, address: neighbour.address, offence, banned });
    if (banned) this.#close(neighbour, 'banned', now);
  }

  /** Dials whoever should be linked and is not, and ends links that nothing needs. */
  dial(now: Instant): void {
    for (let old = this.#lingering.pop(now); old !== undefined; old = this.#lingering.pop(now))
      if (!isWanted(old)) this.#close(old, 'done', now);
    while (!this.#neighbours.isEnough) {
      const contact = this.#nextContact(now);
      if (contact === undefined) return;
      const dial = this.#options.numbers.nextDial();
      this.#contacts.dialled(contact, dial);
      const expect = contact.peer === undefined ? {} : { expect: contact.peer };
      this.#options.perform({ type: 'dial', dial, address: contact.address, ...expect });
    }
  }

  closeAll(code: LinkCode, now: Instant): void {
    for (const neighbour of this.#neighbours) this.#close(neighbour, code, now);
  }

  nextTimeout(): Instant {
    return earliest(this.#lingering.next(), this.#neighbours.isEnough ? NEVER : this.#contacts.nextTimeout());
  }

  #opened(fact: LinkFact & { type: 'linkOpened' }, now: Instant): void {
    const { link, peer, address, dial } = fact;
    const contact = dial === undefined ? undefined : this.#contacts.opened(dial, peer);
    const refuse = (code: LinkCode): void => {
      this.#options.perform({ type: 'closeLink', link, code });
      if (contact !== undefined) this.#contacts.closed(contact, code, now);
    };
    if (dial !== undefined && contact === undefined) return refuse('cancelled');
    if (peer === this.#options.self) {
      refuse('duplicate');
      if (contact === undefined) return;
      this.#contacts.forget(contact);
      return this.#options.metSelf(contact);
    }
    if (this.#strikes.isBanned(peer, now)) return refuse('banned');
    const ours = dial !== undefined;
    const fresh: Neighbour = {
      link,
      peer,
      address,
      ours,
      openedAt: now,
      contact,
      listenAddress: undefined,
      swarms: new Set(),
      knocks: new Map(),
      introduced: new Map(),
    };
    const old = this.#neighbours.ofPeer(peer);
    if (old !== undefined && this.#neighbours.loser(old, fresh) === fresh) {
      this.#options.perform({ type: 'closeLink', link, code: 'duplicate' });
      old.contact ??= contact;
      return;
    }
    if (old !== undefined) this.#close(old, 'duplicate', now);
    else if (this.#neighbours.isFull && !this.#makeRoom(now)) return refuse('busy');
    this.#admit(fresh);
  }

  /** It accepts links where it has moved to, at the same port. */
  #moved(neighbour: Neighbour, address: Address, now: Instant): void {
    const { contact, listenAddress, swarms } = neighbour;
    neighbour.address = address;
    const before = contact?.address ?? listenAddress;
    if (before === undefined || before.host === address.host) return;
    neighbour.listenAddress = { host: address.host, port: before.port };
    neighbour.contact = undefined;
    if (contact !== undefined) this.#contacts.deserted(contact);
    for (const swarm of contact?.swarms ?? swarms) this.#noteContact(neighbour, swarm, now);
  }

  /** The neighbour can be dialled for this swarm, and others may be told so. */
  #noteContact(neighbour: Neighbour, swarm: SwarmId, now: Instant): void {
    const { peer } = neighbour;
    const address = neighbour.contact?.address ?? neighbour.listenAddress;
    const contact = address && this.#contacts.add(swarm, { address, peer }, now);
    if (contact === undefined) return;
    contact.peer = peer;
    contact.proven = true;
    neighbour.contact ??= contact;
    if (contact.state === 'idle') contact.state = 'linked';
  }

  #admit(neighbour: Neighbour): void {
    const { link, peer, address, contact } = neighbour;
    const { agent, listenPort, send, emit, greet } = this.#options;
    this.#neighbours.add(neighbour);
    if (contact !== undefined) contact.state = 'linked';
    emit({ type: 'linkUp', peer, address });
    send(link, { type: 'hello', agent, ...(listenPort === undefined ? {} : { listenPort }) });
    for (const swarm of this.#contacts.swarmsOf(peer)) greet(swarm, link);
  }

  /** Ends a link that nobody needs. False when there is none. */
  #makeRoom(now: Instant): boolean {
    for (const neighbour of this.#neighbours) {
      if (!this.#options.isIdle(neighbour)) continue;
      this.#close(neighbour, 'busy', now);
      return true;
    }
    return false;
  }

  #close(neighbour: Neighbour, code: LinkCode, now: Instant): void {
    this.#options.perform({ type: 'closeLink', link: neighbour.link, code });
    this.#ended(neighbour, code, now);
  }

  #ended(neighbour: Neighbour, code: LinkCode, now: Instant): void {
    this.#neighbours.remove(neighbour);
    this.#lingering.clear(neighbour);
    const { peer, address } = neighbour;
    this.#contacts.unlinked(peer, code, now);
    this.#options.emit({ type: 'linkDown', peer, address, code });
    this.#options.ended(neighbour, code, now);
  }

  #isWanted(contact: Contact, now: Instant): boolean {
    if (contact.peer === undefined) return true;
    return this.#neighbours.ofPeer(contact.peer) === undefined && !this.#strikes.isBanned(contact.peer, now);
  }

  #nextContact(now: Instant): Contact | undefined {
    return this.#contacts.next((contact) => this.#isWanted(contact, now), now);
  }

  #linkedTo(contact: Contact): Neighbour | undefined {
    return contact.peer === undefined ? undefined : this.#neighbours.ofPeer(contact.peer);
  }
}

/** A remote that is to be found in another swarm may not have answered there yet. */
const isWanted = ({ swarms, contact }: Neighbour): boolean => swarms.size > 0 || (contact?.swarms.size ?? 0) > 0;
