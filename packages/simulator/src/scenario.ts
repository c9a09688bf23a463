// One simulated transfer, from a seed to a report: who takes part over which network, what goes wrong, and how near to
// the fluid bound it came. The same scenario with the same seed gives the same trace.

import { type HashSuite, pureHashes } from '@shoal/chunker';
import { after, assertNever, instant, type PeerId, seededRng } from '@shoal/machine';
import { fluidBoundMs, type SessionEvent } from '@shoal/peer';
import type { CryptoSuite } from '@shoal/transport-udp';
import type { PathProfile } from '@shoal/transport-udp/testing';
import { Babbler } from './babbler.ts';
import { Checks } from './checks.ts';
import { ChunkTimes, type ChunkTimesSummary } from './chunk-times.ts';
import { rememberingHashes, type SimContent, simContent } from './content.ts';
import { DatagramLinks } from './datagram-links.ts';
import type { Rates } from './fluid-medium.ts';
import { FluidNetwork } from './fluid-network.ts';
import type { SimNetwork } from './sim-network.ts';
import { SimPeer } from './sim-peer.ts';
import { SimTracker } from './sim-tracker.ts';
import { Trace } from './trace.ts';
import { type UplinkShares, UplinkWatch } from './uplink-watch.ts';
import { Viewer, type ViewerReport } from './viewer.ts';
import { World } from './world.ts';

export interface Receiver extends Rates {
  /** Comes at this moment; 0 unless given. */
  readonly arrivesAtMs?: number;
  /** Goes as soon as it has everything and nobody would miss it. */
  readonly leavesWhenDone?: boolean;
  /** Watches from the start at this rate, while the content arrives. */
  readonly watchesAtBytesPerSecond?: number;
  /** Serves damaged chunks. It need not finish. */
  readonly lies?: boolean;
  /** Takes, and gives next to nothing. */
  readonly rides?: boolean;
}

/** What goes wrong, and when. Peer 0 is the owner, peer i the i-th receiver. */
export type Fault =
  | { readonly type: 'killPeer' | 'startPeer' | 'freezePeer'; readonly atMs: number; readonly peer: number }
  /** It stands still, and what came for it meanwhile comes at once. */
  | { readonly type: 'pausePeer' | 'resumePeer'; readonly atMs: number; readonly peer: number }
  /** It gets another address. */
  | { readonly type: 'movePeer'; readonly atMs: number; readonly peer: number }
  /** These reach only one another, the tracker and all others only themselves; nobody apart is one network again. */
  | { readonly type: 'partition'; readonly atMs: number; readonly apart: readonly number[] }
  | {
      readonly type: 'setDisk';
      readonly atMs: number;
      readonly peer: number;
      readonly delayMs?: number;
      readonly isFull?: boolean;
    }
  /** So many chunks on its disk go bad. */
  | { readonly type: 'rot'; readonly atMs: number; readonly peer: number; readonly chunks: number }
  | { readonly type: 'stopTracker' | 'startTracker'; readonly atMs: number }
  | { readonly type: 'setRates'; readonly atMs: number; readonly peer: number; readonly rates: Rates };

export interface Scenario {
  readonly totalBytes: number;
  readonly chunkBytes: number;
  readonly owner: Rates;
  /** The owner goes when it has sent so many copies of the content and the others have all of it; it stays unless given. */
  readonly ownerCopiesMax?: number;
  readonly receivers: readonly Receiver[];
  /** Pipes, or the real transport over datagrams (where rates come from the path). */
  readonly network:
    | { readonly type: 'fluid'; readonly delayMs: number }
    | { readonly type: 'datagrams'; readonly path: PathProfile };
  readonly faults?: readonly Fault[];
  /** Strangers who flood everybody with rubbish until then. */
  readonly babblers?: { readonly count: number; readonly untilMs: number };
  /** Who is not done by then is a problem. */
  readonly untilMs: number;
  readonly trackerTtlMs?: number;
}

export interface RunOptions {
  readonly scenario: Scenario;
  readonly seed: string;
  /** Plain JavaScript unless given; others give the same digests faster. */
  readonly hashes?: HashSuite;
  /** For datagrams. */
  readonly crypto?: CryptoSuite;
  /** Sees every line of the trace. */
  readonly onTrace?: (line: string) => void;
}

export interface ScenarioResult {
  readonly traceHash: string;
  /** Facts told and timers run. */
  readonly events: number;
  /** Per receiver, from the beginning; undefined when it did not finish. */
  readonly finishedAtMs: readonly (number | undefined)[];
  /** The least time in which all that must finish could have it. */
  readonly boundMs: number;
  /** Bytes of chunks that receiver i (row) got from peer j (column; 0 is the owner). */
  readonly bytesFrom: readonly (readonly number[])[];
  /** How many copies of the content the owner has sent. */
  readonly ownerCopies: number;
  /** Bytes that came for nothing, over all receivers. */
  readonly wastedBytes: number;
  readonly chunkTimes: ChunkTimesSummary;
  /** Of each receiver that watches. */
  readonly viewers: readonly ViewerReport[];
  /** What uplinks did; undefined over datagrams. */
  readonly uplinks: UplinkShares | undefined;
  /** What those who give nothing had on average when all others were done, as a part of the whole; undefined without any. */
  readonly ridersShare: number | undefined;
  /** Peers that somebody banned, as numbered in faults. */
  readonly banned: readonly number[];
  /** Everything that should not have been; empty in a good run. */
  readonly problems: readonly string[];
}

const trackerTtlMsDefault = 30_000;
const watchStepMs = 200; // some hundred looks at every uplink in a run

export function runScenario(options: RunOptions): ScenarioResult {
  const { scenario } = options;
  const run = new Run(options);
  const finished = run.toTheEnd();
  const boundMs = fluidBoundMs({
    totalBytes: scenario.totalBytes,
    ownerUpBytesPerSecond: upOf(scenario, scenario.owner),
    ...(scenario.ownerCopiesMax !== undefined && { ownerBytesMax: scenario.ownerCopiesMax * scenario.totalBytes }),
    receivers: scenario.receivers.flatMap((receiver, i) => {
      if (receiver.lies === true) return [];
      const upBytesPerSecond = receiver.rides === true ? 0 : upOf(scenario, receiver);
      return [{ ...receiver, upBytesPerSecond, onlyHelps: !mustFinish(scenario, i + 1) }];
    }),
  });
  return { boundMs, ...run.result(finished) };
}

/** Over datagrams the path limits what a node sends. */
const upOf = ({ network }: Scenario, { upBytesPerSecond }: Rates): number =>
  network.type === 'datagrams' ? (network.path.rateBytesPerSecond ?? Infinity) : upBytesPerSecond;

class Run {
  readonly #scenario: Scenario;
  readonly #content: SimContent;
  readonly #trace: Trace;
  readonly #world: World;
  readonly #tracker: SimTracker;
  readonly #peers: SimPeer[];
  readonly #checks: Checks;
  readonly #indexOf = new Map<PeerId, number>();
  readonly #bytesFrom: number[][];
  readonly #banned = new Set<number>();
  /** Who must finish. */
  readonly #expected = new Set<SimPeer>();
  readonly #viewers = new Map<SimPeer, Viewer>();
  readonly #chunkTimes = new ChunkTimes();
  readonly #uplinks: UplinkWatch | undefined;
  #ownerBytes = 0;
  #moves = 0;
  #ridersShare: number | undefined;

  constructor({ scenario, seed, onTrace, crypto, ...options }: RunOptions) {
    const rng = seededRng(seed);
    const hashes = rememberingHashes(options.hashes ?? pureHashes);
    const content = simContent(scenario.totalBytes, scenario.chunkBytes, rng.fork('content'), hashes);
    this.#scenario = scenario;
    this.#content = content;
    this.#trace = new Trace(onTrace);
    const { network: kind } = scenario;
    const network: SimNetwork =
      kind.type === 'fluid'
        ? new FluidNetwork(kind)
        : new DatagramLinks({ path: kind.path, rng: rng.fork('network'), ...(crypto && { crypto }) });
    this.#world = new World({ rng: rng.fork('world'), network, trace: this.#trace });
    this.#tracker = new SimTracker(this.#world, scenario.trackerTtlMs ?? trackerTtlMsDefault);
    this.#checks = new Checks(content);
    const shared = { content, hashes, trackers: [this.#tracker.seat.address], onEvent: this.#handleEvent };
    const owner = new SimPeer(this.#world, { ...shared, rates: scenario.owner, isOwner: true });
    this.#peers = [owner];
    for (const receiver of scenario.receivers)
      this.#peers.push(
        new SimPeer(this.#world, {
          ...shared,
          rates: receiver,
          lies: receiver.lies ?? false,
          rides: receiver.rides ?? false,
        }),
      );
    this.#bytesFrom = scenario.receivers.map(() => this.#peers.map(() => 0));
    for (const [i, peer] of this.#peers.entries()) {
      this.#indexOf.set(peer.seat.peer, i);
      this.#checks.add(peer);
    }
    for (const [i, peer] of this.#peers.entries()) if (i > 0 && mustFinish(scenario, i)) this.#expected.add(peer);
    const { chunkCount } = content.document.layout;
    if (network instanceof FluidNetwork) this.#uplinks = new UplinkWatch(network.medium, this.#peers, chunkCount);
    this.#schedule(owner);
    this.#watch();
    const { count = 0, untilMs = 0 } = scenario.babblers ?? {};
    const { swarmId: swarm } = content.document;
    const victims = [this.#tracker, ...this.#peers].map(({ seat }) => seat);
    for (let i = 0; i < count; i += 1) {
      const babbler = new Babbler(this.#world, { swarm, chunkCount, victims, untilMs });
      this.#checks.addStranger(babbler.seat.peer);
    }
  }

  /** Whether everybody who should finish did. */
  toTheEnd(): boolean {
    const expected = [...this.#expected];
    const isDone = (): boolean =>
      expected.every((peer) => peer.finishedAt !== undefined && this.#viewers.get(peer)?.report().isDone !== false);
    return this.#world.run(() => this.#checks.problems.length > 0 || isDone(), instant(this.#scenario.untilMs));
  }

  result(finished: boolean): Omit<ScenarioResult, 'boundMs'> {
    const problems = [...this.#checks.problems];
    const finishedAtMs = this.#peers.slice(1).map((peer) => peer.finishedAt);
    if (!finished) {
      const late = this.#peers.flatMap((peer, i) =>
        this.#expected.has(peer) && peer.finishedAt === undefined
          ? [`${i} (${peer.store?.held.count ?? 0} chunks)`]
          : [],
      );
      problems.push(`not done after ${this.#scenario.untilMs} ms: peers ${late.join(', ')}`);
    }
    return {
      traceHash: this.#trace.hash,
      events: this.#world.events,
      finishedAtMs,
      bytesFrom: this.#bytesFrom,
      ownerCopies: this.#ownerBytes / this.#scenario.totalBytes,
      wastedBytes: this.#peers.reduce((sum, peer) => sum + peer.wastedBytes, 0),
      chunkTimes: this.#chunkTimes.summary(this.#content.document.layout.chunkCount),
      viewers: Array.from(this.#viewers.values(), (viewer) => viewer.report()),
      ridersShare: this.#ridersShare,
      uplinks: this.#uplinks?.shares(),
      banned: [...this.#banned].toSorted((a, b) => a - b),
      problems,
    };
  }

  #schedule(owner: SimPeer): void {
    owner.start();
    for (const [i, receiver] of this.#scenario.receivers.entries())
      this.#world.at(instant(receiver.arrivesAtMs ?? 0), () => this.#arrive(this.#peers[i + 1]!, receiver));
    for (const fault of this.#scenario.faults ?? []) this.#world.at(instant(fault.atMs), () => this.#befall(fault));
  }

  #arrive(peer: SimPeer, { watchesAtBytesPerSecond: rate }: Receiver): void {
    if (rate !== undefined) this.#viewers.set(peer, new Viewer(this.#world, this.#content, peer, rate));
    peer.start();
  }

  #watch(): void {
    this.#uplinks?.look();
    this.#world.at(after(this.#world.now, watchStepMs), () => this.#watch());
  }

  #befall(fault: Fault): void {
    switch (fault.type) {
      case 'killPeer':
        return this.#peers[fault.peer]!.kill();
      case 'startPeer':
        return this.#peers[fault.peer]!.start();
      case 'freezePeer':
        return this.#peers[fault.peer]!.freeze();
      case 'pausePeer':
        return this.#peers[fault.peer]!.pause();
      case 'resumePeer':
        return this.#peers[fault.peer]!.resume();
      case 'movePeer': {
        this.#moves += 1;
        const address = { host: `10.200.${this.#moves >> 8}.${this.#moves & 255}`, port: 4_000 };
        return this.#world.network.moveNode(this.#peers[fault.peer]!.seat.node, address, this.#world.now);
      }
      case 'partition': {
        const apart = new Set(fault.apart.map((peer) => this.#peers[peer]!.seat.node));
        return this.#world.network.partition((node) => (apart.has(node) ? 1 : 0), this.#world.now);
      }
      case 'setDisk': {
        const { disk } = this.#peers[fault.peer]!;
        disk.delayMs = fault.delayMs ?? disk.delayMs;
        disk.isFull = fault.isFull ?? disk.isFull;
        return;
      }
      case 'rot':
        return this.#peers[fault.peer]!.disk.rot(fault.chunks);
      case 'stopTracker':
        return this.#tracker.stop();
      case 'startTracker':
        return this.#tracker.start();
      case 'setRates':
        return this.#world.network.setRates(this.#peers[fault.peer]!.seat.node, fault.rates);
      default:
        assertNever(fault, 'fault');
    }
  }

  /** To be called when somebody is done. */
  #noteRiders(): void {
    const { receivers, totalBytes } = this.#scenario;
    const riders = receivers.flatMap(({ rides = false }, i) => (rides ? [i] : []));
    const others = this.#peers.filter((peer, i) => this.#expected.has(peer) && receivers[i - 1]?.rides !== true);
    if (riders.length === 0 || others.some((peer) => peer.finishedAt === undefined)) return;
    const bytes = riders.flatMap((i) => this.#bytesFrom[i]!).reduce((sum, part) => sum + part, 0);
    this.#ridersShare ??= bytes / riders.length / totalBytes;
  }

  #ownerSent(bytes: number): void {
    const before = this.#ownerBytes;
    this.#ownerBytes += bytes;
    const most = (this.#scenario.ownerCopiesMax ?? Infinity) * this.#scenario.totalBytes;
    if (before < most && this.#ownerBytes >= most)
      this.#world.at(this.#world.now, () => this.#peers[0]!.leaveWhenSpread());
  }

  #noteBan(peer: PeerId): void {
    const index = this.#indexOf.get(peer); // none of a stranger
    if (index !== undefined) this.#banned.add(index);
  }

  readonly #handleEvent = (peer: SimPeer, event: SessionEvent): void => {
    this.#checks.handleEvent(peer, event);
    this.#viewers.get(peer)?.handleEvent(event);
    const index = this.#indexOf.get(peer.seat.peer)!;
    if (event.type === 'chunkHeld') {
      this.#chunkTimes.add(index, peer.tookMs(event.chunk));
      const from = this.#indexOf.get(event.from)!;
      this.#bytesFrom[index - 1]![from]! += event.bytes;
      if (from === 0) this.#ownerSent(event.bytes);
    } else if (event.type === 'remoteStruck' && event.banned) this.#noteBan(event.peer);
    else if (event.type === 'completed') this.#noteRiders();
    if (event.type === 'completed' && this.#scenario.receivers[index - 1]?.leavesWhenDone === true)
      this.#world.at(this.#world.now, () => peer.leaveWhenSpread());
    else if (event.type === 'mayLeave') this.#world.at(this.#world.now, () => peer.leave());
  };
}

const presence: ReadonlySet<Fault['type']> = new Set(['killPeer', 'startPeer', 'freezePeer']);

/** Whether the peer is honest, and its last fault does not leave it dead. */
function mustFinish({ faults = [], receivers }: Scenario, peer: number): boolean {
  if (receivers[peer - 1]!.lies === true) return false;
  const own = faults.filter((fault) => 'peer' in fault && fault.peer === peer && presence.has(fault.type));
  const last = own.toSorted((a, b) => a.atMs - b.atMs).at(-1)?.type;
  return last !== 'killPeer' && last !== 'freezePeer';
}
