// `shoal client`: the classic file-set without a manifest. It claims what it has of it with a tracker, gets from others the
// chunks whose hash enough of them agree on, claims those as well, and serves on what it has.

import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { digestAt } from '@shoal/chunker';
import { openDraftFolder, readLocalFolder } from '@shoal/chunker/node';
import { formatAddress, ShoalError, toHex, UsageError } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import { type DraftStore, type Gathering, openPeer } from '@shoal/peer/node';
import { openLinks } from '@shoal/transport-udp/node';
import { type ClaimedChunk, type Draft, standings } from '@shoal/wire';
import { formatIds, tellActivity, WatchedLinks } from '../classic/activity.ts';
import { type Desk, findDraft, listClaims, locate, othersAgreeOn } from '../classic/agreement.ts';
import { type LimitOptions, readLimits } from '../limits.ts';
import { readAddress, readListen, readPsk, readSeconds } from '../options.ts';
import type { Output } from '../output.ts';
import { type CommonOptions, type Context, stoppedHalfWay } from '../run.ts';

interface ClientOptions extends CommonOptions, LimitOptions {
  readonly pskFile?: string;
  readonly folder?: string;
  readonly transferPort?: string;
  readonly name?: string;
  readonly tracker: string;
  readonly set: string;
  readonly timeout: string;
}

const askAgainMs = 500;

export async function client(options: ClientOptions, context: Context): Promise<void> {
  const { output, interrupt } = context;
  const { folder, name } = options;
  if (folder === undefined) throw new UsageError('--folder', 'name the folder with your chunks');
  const say = sayAs(name ?? basename(folder), output);
  const limits = readLimits(options);
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  const tracker = readAddress('--tracker', options.tracker);
  const { signal } = interrupt;
  const local = readLocalFolder(folder);
  for (const file of local.missing) say.data(`${file} is in local_chunks.txt, but not there`);
  const psk = readPsk(options.pskFile);
  await using bound = await openLinks({ ...readListen('--transfer-port', options.transferPort ?? ''), ...psk });
  await using asking = await openLinks(psk);
  const desk: Desk = { links: asking, tracker, timeoutMs: 5_000, signal };
  const draft = await waitForDraft(desk, () => findDraft(options.set, local, desk), timeoutMs, say);
  const store = await openDraftFolder({ local, ...draft, signal });
  const links = new WatchedLinks(bound, (activity) => tellActivity(activity, say));
  const onEvent = (event: SessionEvent): void => tellEvent(event, say);
  await using peer = await openPeer({ links, trackers: [tracker], discovery: false, onEvent });
  const { chunkCount } = store;
  const address = formatAddress(peer.address);
  say.data(`has chunks ${formatIds(idsOf(store.held.ones()))} of ${chunkCount}; others get them at ${address}`);
  say.event({ event: 'joining', peer: peer.peer, address, ids: idsOf(store.held.ones()), chunks: chunkCount });
  const gathering = peer.gather({ draft, store, limits, signal });
  const watcher = new Watcher(gathering, store, desk, say);
  const isWhole = gathering.done.then(() => true);
  isWhole.catch(() => undefined); // seen below, unless looking fails first
  try {
    do await watcher.look();
    while (!(await Promise.race([isWhole, wait(askAgainMs, false, { signal }).catch(() => isWhole)])));
  } catch (error) {
    throw interrupt.status() === undefined ? error : stoppedHalfWay(context);
  }
  say.data(`the set is whole: ${chunkCount} chunks in ${store.folder}`);
  say.event({ event: 'whole', path: store.folder, chunks: chunkCount, bytes: draft.bytes });
  await interrupt.wait();
  say.event({ event: 'closed', uploadedBytes: gathering.progress().sentBytes });
}

/** Asks the tracker again and again, and tells what is new. */
class Watcher {
  readonly #gathering: Gathering;
  readonly #store: DraftStore;
  readonly #desk: Desk;
  readonly #say: Speaker;
  #asked = '';
  readonly #disputes = new Set<number>();
  #isAway = false;

  constructor(gathering: Gathering, store: DraftStore, desk: Desk, say: Speaker) {
    this.#gathering = gathering;
    this.#store = store;
    this.#desk = desk;
    this.#say = say;
  }

  async look(): Promise<void> {
    try {
      await this.#locate();
      for (const claimed of await listClaims(this.#gathering.draft, this.#desk, 'disputed')) this.#dispute(claimed);
      this.#isAway = false;
    } catch (error) {
      if (!(error instanceof ShoalError) || error.code === 'aborted') throw error;
      if (!this.#isAway) this.#say.data(`${error.message}; it is asked again and again`);
      this.#isAway = true;
    }
  }

  async #locate(): Promise<void> {
    const { held, chunkCount } = this.#store;
    const missing = Array.from({ length: chunkCount }, (_, chunk) => chunk).filter((chunk) => !held.has(chunk));
    const asked = formatIds(idsOf(missing));
    if (missing.length > 0 && asked !== this.#asked) this.#say.data(`asked the tracker where chunks are: ${asked}`);
    this.#asked = asked;
    const { holders, hashes } = await locate(this.#gathering.draft, this.#desk);
    const before = held.clone();
    for (const chunk of this.#gathering.agree(hashes)) {
      if (held.has(chunk)) continue;
      const places = holders.filter((holder) => holder.held.has(chunk)).map(({ address }) => formatAddress(address));
      if (before.has(chunk)) this.#distrust(chunk, places.length);
      this.#say.data(`chunk ${chunk + 1} is at ${places.join(', ')}`);
      this.#say.event({ event: 'located', id: chunk + 1, holders: places });
    }
  }

  #distrust(chunk: number, voices: number): void {
    this.#say.data(`chunk ${chunk + 1} here is not what ${voices} others have: it is fetched anew`);
    this.#say.event({ event: 'distrusted', id: chunk + 1, voices });
  }

  #dispute({ chunk, camps }: ClaimedChunk): void {
    const others = this.#store.held.has(chunk) ? othersAgreeOn(camps, digestAt(this.#store.digests, chunk)) : undefined;
    if (others !== undefined && this.#gathering.agree([[chunk, others.hash]]).length > 0) {
      this.#distrust(chunk, others.voices);
    } else if (!this.#disputes.has(chunk)) {
      this.#disputes.add(chunk);
      const sides = camps.map(({ hash, voices }) => `${voices} say ${toHex(hash).slice(0, 8)}`).join(', ');
      this.#say.data(`chunk ${chunk + 1} is disputed: ${sides}`);
      this.#say.event({ event: 'disputed', id: chunk + 1, voices: camps.map(({ voices }) => voices) });
    }
  }
}

async function waitForDraft(
  { signal }: Desk,
  find: () => Promise<Draft | undefined>,
  timeoutMs: number,
  say: Speaker,
): Promise<Draft> {
  const until = performance.now() + timeoutMs;
  for (let isFirst = true; ; isFirst = false) {
    const draft = await find();
    if (draft !== undefined) return draft;
    if (isFirst) say.data('the chunks here do not tell how large the set is, and nobody else has told: asking on');
    if (performance.now() > until)
      throw new ShoalError('timedOut', 'nobody told how large the set is: start a client that has its last chunk');
    await wait(askAgainMs, undefined, { signal }).catch(() => {
      throw new ShoalError('aborted', 'stopped before the size of the set was known');
    });
  }
}

function tellEvent(event: SessionEvent, say: Speaker): void {
  if (event.type === 'chunksClaimed')
    for (const standing of standings) {
      const ids = event.chunks.flatMap((claimed) => (claimed.standing === standing ? [claimed.chunk + 1] : []));
      if (ids.length === 0) continue;
      say.data(`claimed chunks ${formatIds(ids)}: ${where[standing]}`);
      say.event({ event: 'claimed', ids, standing });
    }
  else if (event.type === 'chunkDamaged')
    say.data(`chunk ${event.chunk + 1} from ${formatAddress(event.address)} is not the agreed one, and thrown away`);
  else if (event.type === 'trackerRefused') say.data(`the tracker refused: ${event.refusal}`);
}

const where = { checkList: 'on the check list', chunkList: 'on the chunk list', disputed: 'disputed' } as const;

const idsOf = (chunks: Iterable<number>): number[] => Array.from(chunks, (chunk) => chunk + 1);

type Speaker = Pick<Output, 'data' | 'event'>;

/** Every line and every event says whose it is. */
const sayAs = (name: string, output: Output): Speaker => ({
  data: (text) => output.data(`${name}: ${text}`),
  event: (event) => output.event({ ...event, name }),
});
