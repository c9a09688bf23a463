// What every TrackerStore must do with claims: the agreement on hashes among honest peers and liars.

import { Bitfield, instant, type PeerId, seededRng, toHex } from '@shoal/machine';
import {
  campsMax,
  type Camp,
  type DraftId,
  draftOffer,
  type FileOffer,
  holdersIn,
  packClaims,
  type Standing,
  swarmId,
} from '@shoal/wire';
import { type Claimed, storeTermsDefaults, type StoreTerms, type TrackerStore } from '../store.ts';
import { type OpenStore, peer, same, start, type StoreCheck, ttlMs } from './store-check.ts';

const chunkCount = 5;
const offer: FileOffer = draftOffer({ name: 'thesis.pdf', bytes: 450, chunkBytes: 100 })!;
const draft = offer.swarm as DraftId;
const derived = swarmId('d'.repeat(64))!;

/** The hash of a chunk as somebody sees it: `truth` for the honest, other words for liars. */
const hash = (chunk: number, word = 'truth'): Uint8Array => seededRng(`${word} ${chunk}`).bytes(32);
const truth = (count = chunkCount): Uint8Array =>
  Uint8Array.from(Array.from({ length: count }, (_, chunk) => [...hash(chunk)]).flat());

/** Each in a network of its own. */
const afar = (number: number) => ({ host: `198.${18 + (number >> 8)}.${number % 256}.1`, port: 4_000 });
const nearby = (number: number) => ({ host: `8.8.8.${number}`, port: 4_000 });
const atHome = (number: number) => ({ host: `127.0.0.1`, port: 4_000 + number });

const everyChunk = Array.from({ length: chunkCount }, (_, chunk) => chunk);

class Draft {
  readonly store: TrackerStore;

  constructor(store: TrackerStore) {
    this.store = store;
  }

  static async open(open: OpenStore, terms: Partial<StoreTerms> = {}): Promise<Draft> {
    return new Draft(await open({ ...storeTermsDefaults, ttlMs, ...terms }));
  }

  async joins(number: number, where = afar): Promise<PeerId> {
    same(await this.store.register(peer(number), where(number), [offer], start), [null], 'register');
    return peer(number);
  }

  /** A peer claims chunks, the hashes spoken as `word`; the first time it joins. */
  async claims(number: number, chunks = everyChunk, word = 'truth', where = afar): Promise<readonly Standing[]> {
    await this.joins(number, where);
    return (await this.claimed(number, chunks, word)).standings;
  }

  async claimed(number: number, chunks: readonly number[], word = 'truth'): Promise<Claimed> {
    const hashes = Uint8Array.from(chunks.flatMap((chunk) => [...hash(chunk, word)]));
    const answer = await this.store.claim(peer(number), draft, packClaims(chunks, hashes), start);
    if (typeof answer === 'string') throw new TypeError(`refused: ${answer}`);
    return answer;
  }

  /** The chunks given as locations, and who holds which. */
  async located(): Promise<{ readonly chunks: number[]; readonly holders: Record<string, number[]> }> {
    const { holders, rarest, body } = (await this.store.locate({ swarm: draft }))!;
    const held: Record<string, number[]> = {};
    let offset = 0;
    for (const { peer: id, held: count } of holdersIn(holders)) {
      const isFull = count === chunkCount;
      const bits = isFull
        ? Bitfield.full(chunkCount)
        : Bitfield.fromBytes(body.subarray(offset, offset + 1), chunkCount)!;
      if (!isFull) offset += 1;
      same(bits.count, count, 'held and bits');
      held[Number.parseInt(id, 16)] = [...bits.ones()];
    }
    for (const [i, chunk] of rarest.entries())
      same(toHex(body.subarray(offset + 32 * i, offset + 32 * (i + 1))), toHex(hash(chunk)), 'the agreed hash');
    same(body.length, offset + 32 * rarest.length, 'body');
    return { chunks: rarest.toSorted((a, b) => a - b), holders: held };
  }

  async counts(): Promise<readonly number[]> {
    const { checkList, chunkList, disputed } = (await this.store.claims(draft, 0, undefined, 99))!.counts;
    return [checkList, chunkList, disputed];
  }

  async camps(chunk: number): Promise<readonly string[]> {
    const page = (await this.store.claims(draft, chunk, undefined, 1))!;
    return page.chunks[0]!.camps.map(
      ({ hash: bytes, voices }: Camp) => `${toHex(bytes).slice(0, 8)} ${voices}`,
    ).toSorted();
  }
}

async function honestAgree(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  same(await it.claims(1, [0, 1]), ['checkList', 'checkList'], 'one is not enough');
  same(await it.located(), { chunks: [], holders: {} }, 'nothing is given yet');
  same(await it.claims(1, [0, 1]), ['checkList', 'checkList'], 'nor is one twice');
  same(await it.claims(2, [1, 2]), ['chunkList', 'checkList'], 'two agree');
  same(await it.located(), { chunks: [1], holders: { 1: [1], 2: [1] } }, 'what they agree on is given, at both');
  same(await it.counts(), [2, 1, 0], 'lists');
  same(await it.camps(1), [`${toHex(hash(1)).slice(0, 8)} 2`], 'the camp');
  same((await it.store.locate({ swarm: draft }))!.file.seeders, 0, 'nobody has all');
  await it.claims(3);
  same((await it.store.locate({ swarm: draft }))!.file.seeders, 1, 'who claims all is a seeder');
}

async function quorumCounts(open: OpenStore): Promise<void> {
  const it = await Draft.open(open, { quorum: 3 });
  for (const [number, standing] of [
    [1, 'checkList'],
    [2, 'checkList'],
    [3, 'chunkList'],
  ] as const)
    same(await it.claims(number, [0]), [standing], `claim ${number} of 3`);
}

async function oneLiarDisputes(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  await it.claims(1);
  await it.claims(2);
  same(await it.claims(3, [2], 'lie'), ['disputed'], 'a contradiction');
  same(await it.counts(), [0, 4, 1], 'the chunk is disputed');
  same((await it.located()).chunks, [0, 1, 3, 4], 'and never given');
  same((await it.camps(2)).length, 2, 'both camps are visible');
  same(await it.claims(4, [2]), ['disputed'], 'more honest ones do not settle it');
}

async function fewLiars(open: OpenStore): Promise<void> {
  const it = await Draft.open(open, { quorum: 3 });
  for (const liar of [1, 2]) same(await it.claims(liar, [0], 'lie'), ['checkList'], 'liars below the quorum');
  same((await it.located()).chunks, [], 'are not believed');
  for (const honest of [3, 4, 5]) same(await it.claims(honest, [0]), ['disputed'], 'the honest contradict');
  for (const liar of [1, 2]) await it.store.leave(peer(liar), undefined);
  same(await it.counts(), [0, 1, 0], 'without the liars the honest agree');
}

async function manyLiars(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  for (const liar of [1, 2, 3]) await it.claims(liar, [0], 'lie');
  same(await it.counts(), [0, 1, 0], 'a quorum of liars among themselves is believed');
  same(await it.claims(4, [0]), ['disputed'], 'until one honest peer speaks');
  same((await it.located()).chunks, [], 'then nobody is');
}

async function lateJoiners(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  await it.claims(1);
  await it.claims(2);
  await it.joins(3);
  same((await it.located()).holders, { 1: everyChunk, 2: everyChunk }, 'whoever claims nothing is no source');
  same(await it.claims(3, [4]), ['chunkList'], 'a late claim joins the camp');
  same((await it.located()).holders[3], [4], 'and makes a source');
  same(await it.camps(4), [`${toHex(hash(4)).slice(0, 8)} 3`], 'three voices');
}

async function liarsLeave(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  for (const number of [1, 2]) await it.claims(number);
  await it.claims(3, [0, 1], 'lie');
  same(await it.counts(), [0, 3, 2], 'disputed');
  await it.store.leave(peer(3), draft);
  same(await it.counts(), [0, 5, 0], 'its claims go with it');
  await it.claims(3, [0], 'lie');
  const soon = instant(start + ttlMs / 2);
  for (const number of [1, 2]) await it.store.renew(peer(number), undefined, [], 0, soon);
  await it.store.expire(instant(start + ttlMs), 9);
  same(await it.counts(), [0, 5, 0], 'and with being forgotten');
  await it.store.leave(peer(2), undefined);
  same(await it.counts(), [5, 0, 0], 'the claims of the honest go too');
  await it.store.leave(peer(1), undefined);
  same(await it.store.claims(draft, 0, undefined, 9), undefined, 'and the draft with the last');
}

async function changesOfMind(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  await it.claims(1, [0]);
  await it.claims(2, [0], 'damaged');
  same(await it.counts(), [0, 0, 1], 'disputed');
  same((await it.claimed(2, [0])).standings, ['chunkList'], 'the later claim counts');
  same(await it.camps(0), [`${toHex(hash(0)).slice(0, 8)} 2`], 'and the earlier one does not');
}

async function countsVoices(open: OpenStore): Promise<void> {
  const near = await Draft.open(open);
  for (const number of [1, 2, 3]) same(await near.claims(number, [0], 'truth', nearby), ['checkList'], 'one network');
  same(await near.claims(4, [0]), ['chunkList'], 'another network');
  await near.store.leave(peer(1), undefined);
  same(await near.counts(), [0, 1, 0], 'the voice stays while one of it does');
  for (const number of [2, 3]) await near.store.leave(peer(number), undefined);
  same(await near.counts(), [1, 0, 0], 'and goes with the last');
  const home = await Draft.open(open);
  await home.claims(1, [0], 'truth', atHome);
  same(await home.claims(2, [0], 'truth', atHome), ['chunkList'], 'on loopback keys count');
}

async function movesItsVoice(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  for (const number of [1, 2]) await it.claims(number, [0]);
  await it.store.renew(peer(2), { host: '9.9.9.9', port: 1 }, [], 0, start);
  same(await it.counts(), [1, 0, 0], 'whoever comes from another network has to claim again');
  same((await it.claimed(2, [0])).standings, ['chunkList'], 'and may');
  await it.store.renew(peer(2), { host: '9.9.9.10', port: 2 }, [], 0, start);
  same(await it.counts(), [0, 1, 0], 'not within one network');
}

async function boundsCamps(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  for (let number = 1; number <= campsMax + 3; number += 1) {
    const standings = await it.claims(number, [0], `lie ${number}`);
    same(standings, [number === 1 ? 'checkList' : 'disputed'], `claim ${number}`);
  }
  same((await it.camps(0)).length, campsMax, 'no more camps than that');
  for (let number = 2; number <= campsMax + 3; number += 1) await it.store.leave(peer(number), undefined);
  same(await it.counts(), [1, 0, 0], 'what was not kept leaves nothing behind');
}

async function refusesBadClaims(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  const claim = (number: number, chunks: readonly number[]) =>
    it.store.claim(peer(number), draft, packClaims(chunks, truth(chunks.length)), start);
  same(await claim(1, [0]), 'unknownPeer', 'nobody');
  await it.joins(1);
  same(await claim(1, [0, chunkCount]), 'badChunk', 'a chunk too many');
  same(await it.counts(), [0, 0, 0], 'nothing is taken');
  same(await it.store.hold(peer(1), draft, { chunks: [0] }, start), 'claimNeeded', 'chunks without hashes');
  const other = draftOffer({ name: 'other', bytes: 1, chunkBytes: 1 })!.swarm as DraftId;
  same(await it.store.claim(peer(1), other, packClaims([0], hash(0)), start), 'unknownFile', 'another draft');
}

async function derivesTheManifest(open: OpenStore): Promise<void> {
  let asked = 0;
  const it = await Draft.open(open, {
    manifestOf: (what, hashes) => {
      asked += 1;
      same(what, { name: 'thesis.pdf', bytes: 450, chunkBytes: 100 }, 'draft');
      same(toHex(hashes), toHex(truth()), 'hashes in order');
      return derived;
    },
  });
  const listed = async (): Promise<unknown> => (await it.store.list('', 0, 9)).files[0]!.derived;
  await it.claims(1, [4, 2, 0, 1, 3]);
  same(await it.store.derive(draft), undefined, 'too early');
  await it.joins(2);
  same((await it.claimed(2, [0, 1, 2, 3])).complete, false, 'one is missing');
  same((await it.claimed(2, [4])).complete, true, 'every chunk is agreed upon');
  same([await it.store.derive(draft), await listed()], [derived, derived], 'named');
  same((await it.claimed(2, [4])).complete, false, 'it has its name');
  same(asked, 1, 'once');
  await it.claims(3, [4], 'lie');
  same([await listed(), await it.store.derive(draft)], [undefined, undefined], 'a disputed draft has no name');
  await it.store.leave(peer(3), undefined);
  same([await it.store.derive(draft), await listed()], [derived, derived], 'and has it back without the liar');
}

async function pinsBeatVotes(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  for (const liar of [1, 2, 3]) await it.claims(liar, [0, 1], 'lie');
  await it.claims(4, [1]);
  await it.store.pin(draft, derived, truth());
  same(await it.counts(), [0, 1, 0], 'what was claimed otherwise is gone');
  same((await it.claimed(1, [0], 'lie')).standings, ['disputed'], 'and is not taken again');
  same((await it.claimed(4, [0])).standings, ['chunkList'], 'one voice is enough');
  same(await it.located(), { chunks: [0, 1], holders: { 4: [0, 1] } }, 'locations');
  same((await it.store.list('', 0, 9)).files[0]!.derived, derived, 'its name is known');
  for (const number of [1, 2, 3, 4]) await it.store.leave(peer(number), undefined);
  same(await it.claims(5, [2]), ['chunkList'], 'the pin outlives the peers');
}

async function pagesThroughClaims(open: OpenStore): Promise<void> {
  const it = await Draft.open(open);
  await it.claims(1, [0, 1, 3]);
  await it.claims(2, [3, 1]);
  await it.claims(3, [1], 'lie');
  const page = async (from: number, only: Standing | undefined, countMax: number): Promise<unknown> => {
    const { chunks, next } = (await it.store.claims(draft, from, only, countMax))!;
    return [chunks.map(({ chunk, standing }) => `${chunk} ${standing}`), next];
  };
  same(await page(0, undefined, 9), [['0 checkList', '1 disputed', '3 chunkList'], undefined], 'all');
  same(await page(0, undefined, 2), [['0 checkList', '1 disputed'], 2], 'a page');
  same(await page(2, undefined, 2), [['3 chunkList'], undefined], 'the next');
  same(await page(0, 'disputed', 9), [['1 disputed'], undefined], 'one list');
  same(await page(chunkCount, undefined, 9), [[], undefined], 'beyond the end');
}

export const claimChecks: readonly StoreCheck[] = [
  { name: 'claims: the honest agree', check: honestAgree },
  { name: 'claims: as many as the quorum says', check: quorumCounts },
  { name: 'claims: one liar disputes', check: oneLiarDisputes },
  { name: 'claims: liars below the quorum', check: fewLiars },
  { name: 'claims: liars above the quorum', check: manyLiars },
  { name: 'claims: late joiners', check: lateJoiners },
  { name: 'claims: liars leave', check: liarsLeave },
  { name: 'claims: the later one counts', check: changesOfMind },
  { name: 'claims: a network is one voice, on loopback each key', check: countsVoices },
  { name: 'claims: go with the voice', check: movesItsVoice },
  { name: 'claims: a bounded number of camps', check: boundsCamps },
  { name: 'claims: refuses what cannot be', check: refusesBadClaims },
  { name: 'claims: derives the manifest', check: derivesTheManifest },
  { name: 'claims: a pinned manifest beats any vote', check: pinsBeatVotes },
  { name: 'claims: pages', check: pagesThroughClaims },
];
