// The demo's play: a tracker, an owner and some receivers, each a process of its own on loopback.

import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fluidBoundMs } from '@shoal/peer';
import { type ChildEvent, Player } from './cast.ts';
import { digestContent } from './digest.ts';
import type { Happening } from '@shoal/visualizer';
import { formatBytes } from '../text/units.ts';
import { PeakRate } from '../peak-rate.ts';
import { type DemoResult, ownerName, type ReceiverResult } from './report.ts';

/** Somebody to end by SIGKILL when half of the content has arrived. */
export type Victim = 'receiver' | 'tracker';

export interface DemoOptions {
  readonly path: string;
  readonly receivers: number;
  readonly victim?: Victim;
  /** An empty folder for the copies. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Told often while bytes move. */
  readonly onProgress: (receivers: readonly ReceiverProgress[]) => void;
  readonly onNews: (line: string) => void;
  /** Once, when the first byte has moved. */
  readonly onMoving: () => void;
  readonly onStart: (name: string, pid: number | undefined) => void;
  /** Filled in here: what the peer of each process is called. */
  readonly names: Map<string, string>;
  /** Told all that happens in the swarm, by peers' whole identities; as the processes tell it, not in the order of time. */
  readonly onHappenings?: (happenings: readonly Happening[]) => void;
}

export interface ReceiverProgress {
  readonly name: string;
  readonly heldBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  readonly peers: number;
}

interface Receiver {
  readonly name: string;
  readonly copy: string;
  /** Undefined while it is dead. */
  player: Player | undefined;
  progress: ReceiverProgress;
  downloadedBytes: number;
  /** What it had fetched when it was killed; undefined when it was not. */
  bytesBeforeKill: number | undefined;
  done: ChildEvent | undefined;
  sha256: string;
}

/** Plays it to the end. Every process is gone when the promise settles; the folder is the caller's to remove. */
export async function playDemo(options: DemoOptions): Promise<DemoResult> {
  await using stage = new Stage(options);
  options.signal.addEventListener('abort', () => void stage.stopAll(), { once: true });
  return await stage.play();
}

class Stage {
  readonly #options: DemoOptions;
  readonly #players: Player[] = [];
  readonly #ups = new Map<string, PeakRate>();
  readonly #downs = new Map<string, PeakRate>();
  readonly #incidents: string[] = [];
  #receivers: Receiver[] = [];
  #struck = false;
  #moving = false;
  #comparing = false;
  #blow: Promise<void> = Promise.resolve();

  constructor(options: DemoOptions) {
    this.#options = options;
  }

  async play(): Promise<DemoResult> {
    const { path, receivers, onNews } = this.#options;
    const tracker = this.#start(trackerName, ['tracker', '--listen', '127.0.0.1:0']);
    const address = String((await tracker.next('listening'))['address']);
    onNews(`tracker at ${address}`);
    const { owner, ticket } = await this.#startOwner(path, address);
    onNews(`owner shares ${ticket}`);
    const content = { name: basename(path), ...(await digestContent(path)) };
    const started = performance.now();
    this.#receivers = Array.from({ length: receivers }, (_, i) => this.#startReceiver(`receiver ${i + 1}`, ticket));
    await Promise.all(this.#receivers.map((receiver) => this.#untilDone(receiver, ticket, tracker)));
    const elapsedMs = performance.now() - started;
    await this.#blow;
    if (this.#options.victim !== undefined && !this.#struck) this.#incident('nobody was killed: it was over too soon');
    this.#comparing = true;
    onNews('comparing the copies');
    for (const receiver of this.#receivers) {
      receiver.sha256 = (await digestContent(receiver.copy)).sha256;
      await rm(receiver.copy, { recursive: true });
    }
    const [ownerMemoryBytes, trackerMemoryBytes] = [await memoryAtEnd(owner), await memoryAtEnd(tracker)];
    return {
      content,
      elapsedMs,
      ownerMemoryBytes: ownerMemoryBytes ?? 0,
      trackerMemoryBytes,
      bound: this.#bound(content.bytes),
      incidents: this.#incidents,
      receivers: this.#receivers.map((receiver) => this.#resultOf(receiver)),
    };
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#players.map((player) => player.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopAll();
  }

  #start(name: string, args: readonly string[]): Player {
    this.#options.signal.throwIfAborted();
    const tells = this.#options.onHappenings !== undefined && name !== trackerName;
    const player = new Player(name, tells ? [...args, '--with-happenings'] : args);
    this.#players.push(player);
    this.#options.onStart(name, player.pid);
    return player;
  }

  async #startOwner(path: string, tracker: string): Promise<{ owner: Player; ticket: string }> {
    const owner = this.#start(ownerName, ['share', path, '--tracker', tracker, '--listen', '127.0.0.1:0']);
    owner.listen((event) => this.#heard(ownerName, event));
    return { owner, ticket: String((await owner.next('sharing'))['ticket']) };
  }

  #startReceiver(name: string, ticket: string): Receiver {
    const copy = join(this.#options.folder, name.replace(' ', '-'));
    const progress = { name, heldBytes: 0, totalBytes: 0, bytesPerSecond: 0, peers: 0 };
    return {
      name,
      copy,
      player: this.#startGet(name, ticket, copy),
      progress,
      downloadedBytes: 0,
      bytesBeforeKill: undefined,
      done: undefined,
      sha256: '',
    };
  }

  #startGet(name: string, ticket: string, copy: string): Player {
    return this.#start(name, ['get', ticket, '-o', copy, '--seed', '--listen', '127.0.0.1:0']);
  }

  /** Follows a receiver until it has everything; when it is the victim, kills it on the way and starts it again. */
  async #untilDone(receiver: Receiver, ticket: string, tracker: Player): Promise<void> {
    const { name } = receiver;
    await new Promise<void>((resolve, reject) => {
      const follow = (player: Player): void =>
        player.listen((event) => {
          if (player !== receiver.player) return; // a process that was killed
          if (event === undefined) return reject(player.failure);
          this.#heard(name, event);
          if (event.event === 'progress') this.#progressed(receiver, event);
          if (event.event === 'resumed') this.#resumed(receiver, event);
          if (event.event === 'done') {
            receiver.done = event;
            receiver.progress = { ...receiver.progress, heldBytes: Number(event['bytes']), bytesPerSecond: 0 };
            this.#showProgress();
            resolve();
          }
          if (this.#timeToStrike(receiver)) this.#blow = this.#strike(receiver, ticket, tracker, follow);
        });
      if (receiver.player !== undefined) follow(receiver.player);
    });
  }

  #heard(name: string, event: ChildEvent | undefined): void {
    if (event === undefined) return;
    if (typeof event['peer'] === 'string') this.#options.names.set(event['peer'], name);
    if (event.event === 'happenings') this.#happened(name, event['happenings'] as readonly Happening[]);
    if (event.event !== 'progress') return;
    const now = performance.now();
    peakOf(this.#ups, name).add(now, Number(event['uploadedBytes']));
    if (name !== ownerName) peakOf(this.#downs, name).add(now, Number(event['downloadedBytes']));
  }

  #happened(name: string, happenings: readonly Happening[]): void {
    this.#options.onHappenings?.(
      happenings.map((happening) => (happening.kind === 'came' ? { ...happening, label: name } : happening)),
    );
  }

  #progressed(receiver: Receiver, event: ChildEvent): void {
    const field = (key: string): number => Number(event[key] ?? 0);
    receiver.downloadedBytes = field('downloadedBytes');
    receiver.progress = {
      name: receiver.name,
      heldBytes: field('heldBytes'),
      totalBytes: field('totalBytes'),
      bytesPerSecond: field('bytesPerSecond'),
      peers: field('peers'),
    };
    if (!this.#moving && receiver.downloadedBytes > 0) this.#options.onMoving();
    this.#moving ||= receiver.downloadedBytes > 0;
    this.#showProgress();
  }

  #showProgress(): void {
    if (this.#comparing) return; // receivers that serve on have nothing more to show
    this.#options.onProgress(this.#receivers.map(({ progress }) => progress));
  }

  /** Half-way: at least half is there, and something is still missing, so that it matters. */
  #timeToStrike({ name, progress: { heldBytes, totalBytes }, done }: Receiver): boolean {
    if (this.#options.victim === undefined || this.#struck || name !== this.#receivers[0]?.name) return false;
    return done === undefined && heldBytes >= totalBytes / 2 && heldBytes < totalBytes;
  }

  async #strike(receiver: Receiver, ticket: string, tracker: Player, follow: (player: Player) => void): Promise<void> {
    this.#struck = true;
    const { name, progress, downloadedBytes, player } = receiver;
    const percent = ((100 * progress.heldBytes) / progress.totalBytes).toFixed(0);
    if (this.#options.victim === 'tracker') {
      await tracker.kill();
      return this.#incident(`tracker ended by SIGKILL when ${name} had ${percent} %`);
    }
    receiver.player = undefined;
    await player?.kill();
    const peer = Array.from(this.#options.names).findLast(([, called]) => called === name)?.[0];
    if (peer !== undefined)
      this.#options.onHappenings?.([{ atMs: performance.timeOrigin + performance.now(), kind: 'left', peer }]);
    this.#incident(
      `${name} ended by SIGKILL at ${percent} %, ${formatBytes(downloadedBytes)} fetched by its last report`,
    );
    receiver.bytesBeforeKill = downloadedBytes;
    receiver.player = this.#startGet(name, ticket, receiver.copy);
    follow(receiver.player);
  }

  #resumed(receiver: Receiver, event: ChildEvent): void {
    if (receiver.bytesBeforeKill === undefined) return;
    const found = Number(event['heldBytes']);
    const again = Math.max(0, receiver.bytesBeforeKill - found);
    this.#incident(
      `${receiver.name} started again: ${formatBytes(found)} found held, ${formatBytes(again)} to fetch again`,
    );
  }

  #incident(line: string): void {
    this.#incidents.push(`incident    ${line}`);
    this.#options.onNews(line);
  }

  #bound(bytes: number): DemoResult['bound'] {
    const names = this.#receivers.map(({ name }) => name);
    const downs = names.map((name) => rateOf(this.#downs, name));
    const ownerUp = rateOf(this.#ups, ownerName);
    const slowestDown = Math.min(...downs);
    if (ownerUp === 0 || slowestDown === 0) return undefined;
    const receivers = names.map((name, i) => ({
      upBytesPerSecond: rateOf(this.#ups, name),
      downBytesPerSecond: downs[i]!,
    }));
    const ms = fluidBoundMs({ totalBytes: bytes, ownerUpBytesPerSecond: ownerUp, receivers });
    return { ms, ownerUp, slowestDown };
  }

  #resultOf({ name, done, sha256 }: Receiver): ReceiverResult {
    const from = new Map<string, number>();
    for (const { peer, bytes } of (done?.['from'] ?? []) as { peer: string; bytes: number }[]) {
      const source = this.#options.names.get(peer) ?? 'unknown';
      from.set(source, (from.get(source) ?? 0) + bytes);
    }
    return { name, from, sha256, elapsedMs: Number(done?.['elapsedMs']), memoryBytes: Number(done?.['memoryBytes']) };
  }
}

/** Stops a player and returns the largest resident memory it had, bytes; undefined when it could not tell any more. */
async function memoryAtEnd(player: Player): Promise<number | undefined> {
  const closing = player.next('closed').catch(() => undefined);
  await player.stop();
  const event = await closing;
  return event === undefined ? undefined : Number(event['memoryBytes']);
}

const trackerName = 'tracker';

const rateOf = (peaks: Map<string, PeakRate>, name: string): number => peaks.get(name)?.bytesPerSecond ?? 0;

function peakOf(peaks: Map<string, PeakRate>, name: string): PeakRate {
  const peak = peaks.get(name) ?? new PeakRate();
  peaks.set(name, peak);
  return peak;
}
