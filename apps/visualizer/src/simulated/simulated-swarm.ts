// The production swarm in virtual time, and what happens in it. Sessions, tracker, chunk stores and, where datagrams are
// lost, the transport are the ones that run on sockets; the same settings give the same happenings.

import type { HashSuite } from '@shoal/chunker';
import { type Address, after, instant, type PeerId, type Rng, seededRng } from '@shoal/machine';
import type { FixedNeighbours, SessionEvent } from '@shoal/peer';
import {
  DatagramLinks,
  fluidBoundMs,
  FluidNetwork,
  type Rates,
  rememberingHashes,
  simContent,
  SimPeer,
  SimTracker,
  Trace,
  World,
} from '@shoal/simulator';
import type { Happening, Role } from '../happenings.ts';
import type { Settings } from './settings.ts';
import { TappedNetwork } from './tapped-network.ts';

export interface Scene {
  readonly settings: Settings;
  readonly name: string;
  readonly chunkBytes: number;
  /** This receiver starts once more at that moment. */
  readonly restart?: { readonly peer: number; readonly atMs: number };
  /** What owner and receivers are called. */
  readonly words?: { readonly owner: string; readonly receiver: string };
}

interface Member {
  readonly name: string;
  readonly role: Role;
  readonly rates: Rates;
  readonly peer: SimPeer;
}

const megabit = 1_000_000 / 8;
const downFactor = 10; // lines bring more than they take
const trackerTtlMs = 30_000;
const stateStepMs = 250;
const lingerMs = 500; // shown after the last is done
const stalledMs = 60_000; // nothing came for so long: nothing will
const leaveStepMs = 50;
const restartMs = 40;

export class SimulatedSwarm {
  readonly scene: Scene;
  readonly #world: World;
  readonly #network: TappedNetwork;
  readonly #medium: FluidNetwork | DatagramLinks;
  readonly #members: readonly Member[];
  readonly #byId = new Map<PeerId, Member>();
  readonly #byNode = new Map<number, Member>();
  /** Since when each chunk is being sent, by sender, receiver and chunk. */
  readonly #sentSince = new Map<string, number>();
  /** What each link had carried when its numbers were last told. */
  readonly #carried = new Map<string, { readonly bytesSent: number; readonly bytesReceived: number }>();
  #happenings: Happening[] = [];
  #ownerBytes = 0;
  #gainedAtMs = 0;
  /** Honest receivers that are not complete, and when the last one was. */
  #waited: number;
  #doneAtMs = 0;

  constructor(scene: Scene, hashes: HashSuite) {
    const { settings, chunkBytes, name } = scene;
    this.scene = scene;
    const rng = seededRng(settings.seed);
    const remembering = rememberingHashes(hashes);
    const content = simContent(settings.chunks * chunkBytes, chunkBytes, rng.fork('content'), remembering);
    this.#medium = networkFor(settings, rng.fork('network'));
    const network = new TappedNetwork(this.#medium, {
      asked: (node, from, chunk) => this.#exchange('asked', node, from, chunk),
      answered: (node, to, chunk) => this.#answer(node, to, chunk),
      dropped: (node, from, chunk) => this.#exchange('dropped', node, from, chunk),
    });
    this.#network = network;
    this.#world = new World({ rng: rng.fork('world'), network, trace: new Trace() });
    const tracker = new SimTracker(this.#world, trackerTtlMs);
    const shared = { content, hashes: remembering, trackers: [tracker.seat.address], onEvent: this.#handleEvent };
    const liars = new Set(rng.fork('liars').shuffle(receiversOf(settings)).slice(0, settings.liars));
    const uplinks = uplinksOf(settings, rng.fork('uplinks'));
    this.#members = [0, ...receiversOf(settings)].map((index) => {
      const role: Role = index === 0 ? 'owner' : liars.has(index) ? 'liar' : 'receiver';
      const up = (index === 0 ? settings.ownerMbit : uplinks[index - 1]!) * megabit;
      const rates = {
        upBytesPerSecond: up,
        downBytesPerSecond: downFactor * Math.max(up, settings.peerMbit * megabit),
      };
      const peer = new SimPeer(this.#world, {
        ...shared,
        rates,
        isOwner: index === 0,
        handsOutFirstCopies: settings.firstCopies,
        lies: role === 'liar',
        policy: settings.policy,
        neighbours: () => this.#neighboursOf(index),
      });
      return { name: index === 0 ? 'owner' : `${index}`, role, rates, peer };
    });
    this.#waited = settings.peers - 1 - liars.size;
    this.#happenings.push({ atMs: 0, kind: 'content', name, chunkCount: settings.chunks, bytes: content.bytes.length });
    for (const member of this.#members) {
      this.#byId.set(member.peer.seat.peer, member);
      this.#byNode.set(member.peer.seat.node, member);
      this.#come(member);
    }
    if (scene.restart !== undefined) this.#restart(this.#members[scene.restart.peer]!, scene.restart.atMs);
    this.#tellState();
  }

  get nowMs(): number {
    return this.#world.now;
  }

  /** Everybody honest has everything, or nothing goes on any more. */
  get isOver(): boolean {
    if (this.#waited === 0) return this.#world.now - this.#doneAtMs > lingerMs;
    return this.#world.now - this.#gainedAtMs > stalledMs;
  }

  /** The least time in which all honest receivers could have everything. */
  get boundMs(): number {
    const { settings, chunkBytes } = this.scene;
    const totalBytes = settings.chunks * chunkBytes;
    return fluidBoundMs({
      totalBytes,
      ownerUpBytesPerSecond: this.#members[0]!.rates.upBytesPerSecond,
      ...(settings.ownerCopies > 0 && { ownerBytesMax: settings.ownerCopies * totalBytes }),
      receivers: this.#members.flatMap(({ role, rates }) => (role === 'receiver' ? [rates] : [])),
    });
  }

  /** Goes on until it is over, or `isEnough`; answers what happened since the last call. */
  run(isEnough: () => boolean): Happening[] {
    this.#world.run(() => this.isOver || isEnough(), instant(Infinity));
    const happenings = this.#happenings;
    this.#happenings = [];
    return happenings.toSorted((a, b) => a.atMs - b.atMs); // within a window of the world, each node has its turn
  }

  #come({ name, role, rates, peer }: Member): void {
    const { settings, words = { owner: 'Owner', receiver: 'Peer' } } = this.scene;
    this.#tell({
      kind: 'came',
      peer: name,
      role,
      label: role === 'owner' ? words.owner : role === 'liar' ? `Liar ${name}` : `${words.receiver} ${name}`,
      upBytesPerSecond: rates.upBytesPerSecond,
      downBytesPerSecond: rates.downBytesPerSecond,
      ...(role === 'owner' && { held: [[0, settings.chunks]] as const }),
    });
    this.#world.at(instant(0), () => peer.start());
  }

  #restart(member: Member, atMs: number): void {
    this.#world.at(instant(atMs), () => this.#leave(member));
    this.#world.at(instant(atMs + restartMs), () => {
      member.peer.kill();
      this.#come(member);
    });
  }

  /** In a ring, only those on either side; the owner has its place in it. */
  #neighboursOf(index: number): FixedNeighbours | undefined {
    const count = this.#members.length;
    if (this.scene.settings.topology === 'mesh') return undefined;
    const beside = [(index + count - 1) % count, (index + 1) % count];
    const addresses: Address[] = beside.map((other) => this.#members[other]!.peer.seat.address);
    return { download: index === 0 ? [] : addresses, upload: addresses };
  }

  readonly #handleEvent = (peer: SimPeer, event: SessionEvent): void => {
    const member = this.#byId.get(peer.seat.peer)!;
    const { name } = member;
    switch (event.type) {
      case 'linkUp':
      case 'linkDown': {
        const remote = this.#byId.get(event.peer)?.name;
        if (remote !== undefined)
          this.#tell({ kind: event.type === 'linkUp' ? 'linked' : 'unlinked', peer: name, remote });
        return;
      }
      case 'chunkHeld': {
        const from = this.#byId.get(event.from)!;
        this.#gainedAtMs = this.#world.now;
        this.#tell({
          kind: 'held',
          peer: name,
          chunk: event.chunk,
          from: from.name,
          ...this.#since(from, name, event.chunk),
        });
        if (from.role === 'owner') this.#ownerSent(event.bytes);
        return;
      }
      case 'chunkDamaged': {
        const from = this.#byId.get(event.from)!;
        const { chunk } = event;
        return this.#tell({ kind: 'damaged', peer: name, chunk, from: from.name, ...this.#since(from, name, chunk) });
      }
      case 'completed':
        return this.#complete(member);
      default: // nothing to be seen
    }
  };

  #complete(member: Member): void {
    if (member.role === 'owner') return;
    this.#tell({ kind: 'completed', peer: member.name });
    if (member.role !== 'receiver') return;
    this.#waited -= 1;
    this.#doneAtMs = this.#world.now;
    if (this.scene.settings.selfish) this.#leaveLater(member);
  }

  /** With the last copy of a chunk it would take the whole content along: then it stays until others have that. */
  #leaveLater(member: Member): void {
    const others = this.#members.flatMap(({ peer }) => (peer !== member.peer && peer.isUp ? (peer.held ?? []) : []));
    const isSpread = Array.from({ length: this.scene.settings.chunks }, (_, chunk) => chunk).every((chunk) =>
      others.some((held) => held.has(chunk)),
    );
    if (isSpread) this.#leave(member);
    else this.#world.at(after(this.#world.now, leaveStepMs), () => this.#leaveLater(member));
  }

  #ownerSent(bytes: number): void {
    const { ownerCopies, chunks } = this.scene.settings;
    const most = ownerCopies === 0 ? Infinity : ownerCopies * chunks * this.scene.chunkBytes;
    const before = this.#ownerBytes;
    this.#ownerBytes += bytes;
    if (before < most && this.#ownerBytes >= most)
      this.#world.at(this.#world.now, () => this.#leave(this.#members[0]!));
  }

  #leave({ name, peer }: Member): void {
    peer.leave();
    this.#tell({ kind: 'left', peer: name });
  }

  #exchange(kind: 'asked' | 'dropped', node: number, from: PeerId, chunk: number): void {
    const member = this.#byNode.get(node);
    const remote = this.#byId.get(from);
    if (member !== undefined && remote !== undefined) this.#tell({ kind, peer: member.name, from: remote.name, chunk });
  }

  #answer(node: number, to: PeerId, chunk: number): void {
    const member = this.#byNode.get(node);
    const remote = this.#byId.get(to);
    if (member !== undefined && remote !== undefined)
      this.#sentSince.set(`${member.name} ${remote.name} ${chunk}`, this.#world.now);
  }

  #since(from: Member, to: string, chunk: number): { readonly sinceMs?: number } {
    const key = `${from.name} ${to} ${chunk}`;
    const sinceMs = this.#sentSince.get(key);
    this.#sentSince.delete(key);
    return sinceMs === undefined ? {} : { sinceMs };
  }

  #tellState(): void {
    for (const member of this.#members) {
      const sharesMs = member.role === 'owner' ? undefined : member.peer.report?.holdups;
      if (sharesMs !== undefined) this.#tell({ kind: 'why', peer: member.name, sharesMs: { ...sharesMs } });
      if (this.#medium instanceof DatagramLinks) this.#tellLinks(member, this.#medium);
    }
    this.#world.at(after(this.#world.now, stateStepMs), () => this.#tellState());
  }

  #tellLinks({ name, peer }: Member, medium: DatagramLinks): void {
    const { node } = peer.seat;
    for (const [link, id] of this.#network.linksOf(node)) {
      const remote = this.#byId.get(id)?.name;
      const stats = medium.linkStats(node, link);
      if (remote === undefined || stats === undefined) continue;
      const key = `${node} ${link}`;
      const before = this.#carried.get(key) ?? { bytesSent: 0, bytesReceived: 0 };
      this.#carried.set(key, stats);
      const rate = (bytes: number): number => (bytes * 1_000) / stateStepMs;
      this.#tell({
        kind: 'link',
        peer: name,
        remote,
        upBytesPerSecond: rate(stats.bytesSent - before.bytesSent),
        downBytesPerSecond: rate(stats.bytesReceived - before.bytesReceived),
        cwndBytes: stats.cwndBytes,
        rttMs: stats.srttMs,
      });
    }
  }

  #tell(happening: WithoutTime<Happening>): void {
    this.#happenings.push({ atMs: this.#world.now, ...happening });
  }
}

type WithoutTime<T> = T extends Happening ? Omit<T, 'atMs'> : never;

/** Pipes; but where datagrams are lost, every one of them, over the real transport. All uplinks are alike then. */
function networkFor({ delayMs, lossPercent, peerMbit }: Settings, rng: Rng): FluidNetwork | DatagramLinks {
  if (lossPercent === 0) return new FluidNetwork({ delayMs });
  const rateBytesPerSecond = peerMbit * megabit;
  const queueBytes = Math.max(64 * 1_024, rateBytesPerSecond * 0.1); // a tenth of a second
  return new DatagramLinks({ path: { delayMs, loss: lossPercent / 100, rateBytesPerSecond, queueBytes }, rng });
}

const receiversOf = ({ peers }: Settings): number[] => Array.from({ length: peers - 1 }, (_, i) => i + 1);

/** Of receivers, in Mbit/s: spread evenly over the logarithm, around what was asked for. */
const uplinksOf = (settings: Settings, rng: Rng): number[] =>
  receiversOf(settings).map(() => settings.peerMbit * settings.spread ** (rng.float() - 0.5));
