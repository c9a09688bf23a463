// A peer in the real world: the session on a carrier of links, with stores on this disk and a clock. All transfers of
// the peer share its one carrier, its links and its memory bounds.

import { resolve } from 'node:path';
import {
  type FileChoice,
  formatTicket,
  type HashSuite,
  type ManifestDocument,
  parseTicket,
  type Ticket,
} from '@shoal/chunker';
import { createManifest, loadHashes, openFileStore, openSeedStore } from '@shoal/chunker/node';
import {
  type Address,
  after,
  assertNever,
  Bitfield,
  type Clock,
  Driver,
  formatAddress,
  type LinkPort,
  type PeerId,
  type Rng,
  sameAddress,
  ShoalError,
  UsageError,
} from '@shoal/machine';
import { entropyRng, nodeClock } from '@shoal/machine/node';
import type { SwarmId } from '@shoal/wire';
import type { FixedNeighbours } from '../links/fixed-neighbours.ts';
import type { SessionEvent } from '../events.ts';
import { Session, type SessionOutput } from '../session.ts';
import type { SwarmPicture } from '../picture.ts';
import { checkLimits } from '../rate-limits.ts';
import type { GatheringOptions } from '../gathering.ts';
import { LanDiscovery, lanGroups } from './lan-discovery.ts';
import { type FoundTicket, type KeepCodeOptions, type KeptCode, Meetings, type UseCodeOptions } from './meetings.ts';
import { FileWishes } from '../picking/file-wishes.ts';
import { policyNames } from '../picking/picker.ts';
import { asGathering, type GatherOptions, type Gathering, startOf } from './gathering.ts';
import type { GetOptions, OpenPeerOptions, ShareOptions } from './peer-options.ts';
import type { RunningPeer } from './running-peer.ts';
import { RunningTransfer } from './running-transfer.ts';
import type { StoreOrder } from '../store-orders.ts';
import { StoreKeeper } from './store-keeper.ts';
import { reachableAddresses } from './reachable-addresses.ts';
import type { Share, Transfer } from './transfer.ts';

const lingerMsDefault = 5_000;
const stopTimeoutMs = 2_000; // how long trackers have to hear that we go

/** Starts a peer on `links`. */
export const openPeer = async (options: OpenPeerOptions): Promise<RunningPeer> =>
  new NodePeer(options, await loadHashes());

class NodePeer implements RunningPeer {
  readonly #options: OpenPeerOptions;
  readonly #hashes: HashSuite;
  readonly #links: LinkPort;
  readonly #clock: Clock;
  readonly #driver: Driver<SessionOutput, Session>;
  readonly #stores: StoreKeeper;
  readonly #transfers = new Map<SwarmId, RunningTransfer>();
  readonly #discovery: LanDiscovery | undefined;
  readonly #meetings: Meetings;
  readonly #stopped = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  constructor(options: OpenPeerOptions, hashes: HashSuite) {
    const { links, clock = nodeClock, rng = entropyRng(), agent, fetchBytesMax, giveBytesMax, limits } = options;
    checkLimits(limits);
    this.#options = options;
    this.#hashes = hashes;
    this.#links = links;
    this.#clock = clock;
    const session = new Session(
      {
        peer: links.peer,
        rng,
        hashes,
        listenPort: links.address.port,
        ...(agent === undefined ? {} : { agent }),
        ...(fetchBytesMax === undefined ? {} : { fetchBytesMax }),
        ...(giveBytesMax === undefined ? {} : { giveBytesMax }),
        ...(limits === undefined ? {} : { limits }),
      },
      clock.now(),
    );
    this.#driver = new Driver(session, clock, (output) => this.#perform(output));
    this.#stores = new StoreKeeper(
      (fact) => this.#driver.tell((machine, now) => machine.handleStore(fact, now)),
      links,
    );
    this.#discovery = this.#startDiscovery(rng, hashes);
    this.#meetings = new Meetings({
      gather: (meeting) => this.#gather(meeting),
      leave: (meeting) => this.#driver.tell((machine, now) => machine.leave(meeting, now)),
    });
    links.listen((fact) => this.#driver.tell((machine, now) => machine.handleLink(fact, now)));
  }

  get peer(): PeerId {
    return this.#links.peer;
  }

  get address(): Address {
    return this.#links.address;
  }

  async keepCode({ trackers = this.#options.trackers ?? [], ...options }: KeepCodeOptions): Promise<KeptCode> {
    this.#checkOpen();
    return this.#meetings.keep({ ...options, trackers });
  }

  async useCode(code: string, { trackers = [], ...options }: UseCodeOptions = {}): Promise<FoundTicket> {
    this.#checkOpen();
    return this.#meetings.use(code, { ...options, trackers: [...trackers, ...(this.#options.trackers ?? [])] });
  }

  async share(options: ShareOptions): Promise<Share> {
    const { path, chunking, chunkBytes, peers, limits, receivers, listed, onHashed, signal } = options;
    this.#checkOpen();
    checkLimits(limits);
    const { document, skipped } = await createManifest(path, {
      ...(chunking === undefined ? {} : { chunking }),
      ...(chunkBytes === undefined ? {} : { chunkBytes }),
      ...(onHashed === undefined ? {} : { onProgress: onHashed }),
      ...(signal === undefined ? {} : { signal }),
    });
    const store = await openSeedStore(path, document);
    const { manifest, layout, swarmId: swarm } = document;
    this.#checkOpen();
    this.#checkFree(swarm, manifest.name);
    const trackers = this.#options.trackers ?? [];
    const ticket: Ticket = {
      swarmId: swarm,
      name: manifest.name,
      bytes: layout.totalBytes,
      trackers,
      peers: peers ?? reachableAddresses(this.address),
    };
    this.#stores.adopt(swarm, store);
    const transfer = this.#newTransfer(ticket, resolve(path), new FileWishes());
    const content = { shape: layout, held: store.held.clone() };
    const how = { owner: true, trackers, limits, receivers, listed };
    const known = { swarm, name: manifest.name, document, content, ...how };
    this.#driver.tell((session, now) => session.join(known, now));
    return transfer.asShare(document, formatTicket(ticket), skipped);
  }

  get(ticket: string | Ticket, options: GetOptions = {}): Transfer {
    this.#checkOpen();
    const parsed = typeof ticket === 'string' ? readTicket(ticket) : ticket;
    const {
      destination = parsed.name,
      update = false,
      seed = false,
      lingerMs = lingerMsDefault,
      resume = true,
      check,
      select,
      policy,
      neighbours,
      limits,
      listed,
      store,
      timeoutMs,
      signal,
    } = options;
    checkLimits(limits);
    if (policy !== undefined && !policyNames.includes(policy))
      throw new UsageError('policy', `must be one of ${policyNames.join(', ')}`);
    if (timeoutMs !== undefined && !(timeoutMs > 0)) throw new UsageError('timeoutMs', 'must be above 0');
    checkNeighbours(neighbours, this.address);
    const { swarmId: swarm, name } = parsed;
    this.#checkFree(swarm, name);
    const wishes = new FileWishes();
    if (select !== undefined) wishes.select(select);
    const transfer = this.#newTransfer(parsed, resolve(destination), wishes, { seed, lingerMs });
    const only = (): FileChoice | undefined => wishes.only;
    this.#stores.expect(swarm, {
      only,
      open: store ?? ((document) => openFileStore({ document, destination, update, resume, check, only: only() })),
    });
    const trackers = [...parsed.trackers, ...(this.#options.trackers ?? [])];
    const peers = parsed.peers.map((address) => ({ address }));
    this.#driver.tell((session, now) =>
      session.join({ swarm, name, trackers, peers, limits, listed, policy, neighbours }, now),
    );
    if (timeoutMs !== undefined)
      transfer.onEnd(this.#clock.alarm(after(this.#clock.now(), timeoutMs), () => transfer.timeOut(timeoutMs)));
    transfer.abortWith(signal);
    return transfer;
  }

  async describe(
    ticket: string | Ticket,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<ManifestDocument> {
    this.#checkOpen();
    const parsed = typeof ticket === 'string' ? readTicket(ticket) : ticket;
    const { swarmId: swarm, name } = parsed;
    this.#checkFree(swarm, name);
    const { promise, resolve } = Promise.withResolvers<ManifestDocument>();
    const transfer = this.#newTransfer(parsed, '', new FileWishes(), {}, resolve);
    transfer.abortWith(signal);
    const trackers = [...parsed.trackers, ...(this.#options.trackers ?? [])];
    const peers = parsed.peers.map((address) => ({ address }));
    this.#driver.tell((session, now) => session.join({ swarm, name, trackers, peers }, now));
    const document = await Promise.race([promise, transfer.done.then(() => promise)]);
    await transfer.close();
    return document;
  }

  gather(options: GatherOptions): Gathering {
    this.#checkOpen();
    const { draft, store, limits, signal } = options;
    checkLimits(limits);
    const start = startOf(options, this.#hashes);
    const { swarm } = start;
    this.#checkFree(swarm, draft.name);
    const trackers = this.#options.trackers ?? [];
    const ticket: Ticket = { swarmId: swarm, name: draft.name, bytes: draft.bytes, trackers, peers: [] };
    const transfer = this.#newTransfer(ticket, draft.name, new FileWishes());
    this.#stores.adopt(swarm, store);
    const content = { shape: store.layout, held: new Bitfield(store.chunkCount) };
    this.#driver.tell((session, now) =>
      session.join({ swarm, name: draft.name, draft: start, content, trackers, limits }, now),
    );
    transfer.abortWith(signal);
    return asGathering(transfer, start, store, {
      agree: (agreed, here) => this.#driver.tell((session, now) => session.agree(swarm, agreed, here, now)),
      lost: (chunk) => this.#driver.tell((session, now) => session.lost(swarm, chunk, 'storeDamaged', now)),
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const cancel = this.#clock.alarm(after(this.#clock.now(), stopTimeoutMs), () => this.#stopped.resolve());
    const transfers = Array.from(this.#transfers.values(), (transfer) => transfer.close());
    this.#driver.tell((session, now) => session.stop(now));
    await this.#stopped.promise;
    cancel();
    this.#driver.stop();
    await this.#discovery?.close();
    await Promise.all(transfers);
    await this.#stores.settled();
    await this.#links.close();
  }

  #startDiscovery(rng: Rng, hashes: HashSuite): LanDiscovery | undefined {
    const { discovery = !this.address.host.startsWith('127.') } = this.#options;
    if (discovery === false) return undefined;
    return LanDiscovery.start({
      links: this.address,
      groups: discovery === true ? lanGroups : [discovery.group],
      clock: this.#clock,
      rng: rng.fork('discovery'),
      hashes,
      secret: this.#links.groupSecret,
      swarms: () => this.#driver.machine.openSwarms(),
      found: (swarm, address) =>
        this.#driver.tell((session, now) => session.heard(swarm, [{ address }], address.host, now)),
      failed: (detail) => this.#options.onEvent?.({ type: 'discoveryFailed', detail }),
    });
  }

  #newTransfer(
    ticket: Ticket,
    destination: string,
    wishes: FileWishes,
    stay: Pick<GetOptions, 'seed' | 'lingerMs'> = { seed: true },
    onDocument?: (document: ManifestDocument) => void,
  ): RunningTransfer {
    const { swarmId: swarm } = ticket;
    const { seed = false, lingerMs = lingerMsDefault } = stay;
    const transfer = new RunningTransfer({
      ticket,
      destination,
      wishes,
      seed,
      onDocument,
      want: (spans) => this.#driver.tell((session, now) => session.want(swarm, spans, now)),
      readers: {
        place: (reader, place) => this.#driver.tell((session, now) => session.read(swarm, reader, place, now)),
        read: (chunk) => this.#read(swarm, chunk),
      },
      isFinishing: () => this.#driver.machine.isFinishing(swarm),
      report: () => this.#driver.machine.report(swarm, this.#clock.now()),
      picture: () => this.#picture(swarm),
      trouble: () => this.#stores.trouble(swarm),
      wishToLeave: () => this.#driver.tell((session, now) => session.wishToLeave(swarm, lingerMs, now)),
      leave: async () => {
        this.#transfers.delete(swarm);
        this.#driver.tell((session, now) => session.leave(swarm, now));
        await Promise.resolve(); // told from within an event, the session leaves when that event is over
        await this.#stores.settled();
      },
    });
    this.#transfers.set(swarm, transfer);
    this.#discovery?.announce();
    return transfer;
  }

  #perform(output: SessionOutput): void {
    switch (output.type) {
      case 'linkOrder':
        return this.#links.perform(output.order);
      case 'storeOrder':
        return this.#performStore(output.order);
      case 'event':
        return this.#tell(output.event);
      default:
        assertNever(output, 'session output');
    }
  }

  /** A chunk for one of our own readers; undefined while it is not held. */
  async #read(swarm: SwarmId, chunk: number): Promise<Uint8Array | undefined> {
    if (this.#driver.machine.content(swarm)?.held.has(chunk) !== true) return undefined;
    try {
      return await this.#stores.read(swarm, chunk);
    } catch (error) {
      if (!(error instanceof ShoalError)) throw error;
      this.#driver.tell((session, now) => session.lost(swarm, chunk, error.code, now));
      if (this.#driver.machine.content(swarm)?.held.has(chunk) === true) throw error; // the disk's trouble, not the chunk's
      return undefined;
    }
  }

  #picture(swarm: SwarmId): SwarmPicture | undefined {
    const picture = this.#driver.machine.picture(swarm);
    const remotes = picture?.remotes.map((remote) => ({ ...remote, stats: this.#links.linkStats?.(remote.link) }));
    return picture && remotes && { ...picture, remotes };
  }

  #gather(meeting: GatheringOptions): void {
    this.#checkOpen(); // it may have been closed while the meeting was loaded
    this.#driver.tell((session, now) => session.gather(meeting, now));
    this.#discovery?.announce();
  }

  #performStore(order: StoreOrder): void {
    if (order.type === 'openStore' && this.#transfers.get(order.swarm)?.know(order.document) !== true) return;
    this.#stores.perform(order);
  }

  #tell(event: SessionEvent): void {
    this.#options.onEvent?.(event);
    if (event.type === 'stopped') this.#stopped.resolve();
    else if ('meeting' in event) this.#meetings.handle(event);
    else if ('swarm' in event) this.#transfers.get(event.swarm)?.handle(event);
    else for (const transfer of this.#transfers.values()) transfer.handle(event);
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  #checkFree(swarm: SwarmId, name: string): void {
    if (this.#transfers.has(swarm))
      throw new ShoalError('exists', `${name} is being shared or fetched here already: close that first`);
  }
}

const closedError = (): ShoalError => new ShoalError('aborted', 'the peer was closed');

/** What can be seen at once; that an address leads back here in another way is found when it is dialled. */
function checkNeighbours(neighbours: FixedNeighbours | undefined, self: Address): void {
  if (neighbours === undefined) return;
  const { download, upload = [] } = neighbours;
  if (download.length === 0) throw new UsageError('neighbours.download', 'names nobody to ask');
  const own = download.concat(upload).find((address) => sameAddress(address, self));
  if (own !== undefined)
    throw new ShoalError('refused', `the neighbour ${formatAddress(own)} is this peer itself: name another`);
}

function readTicket(text: string): Ticket {
  const parsed = parseTicket(text);
  if (!parsed.ok) throw new ShoalError('ticketInvalid', parsed.detail);
  return parsed.value;
}
