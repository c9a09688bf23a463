import { type LinkFact, type LinkId, LinkNumbers, seededRng } from '@shoal/machine';
import {
  contactsIn,
  decode,
  type Draft,
  type DraftId,
  draftOffer,
  encode,
  type FileOffer,
  holdersIn,
  type Message,
  nameBytesMax,
  packClaims,
  type Refusal,
  type SwarmId,
  swarmId,
  type SwarmKey,
  swarmsPerAnnounceMax,
  type TrackerReply,
  type TrackerRequest,
  type Verdict,
} from '@shoal/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MemoryTracker,
  type MemoryTrackerOptions,
  readLocated,
  type TrackerConfig,
  type TrackerEvent,
} from '../src/index.ts';
import { addressOf, peerOf, World } from './support/world.ts';

const swarm = (number: number) => swarmId(number.toString(16).padStart(64, 'a'))!;
const offer = (number: number, more: Partial<FileOffer> = {}): FileOffer => ({
  name: `file-${number}`,
  bytes: 2_000,
  chunkCount: 20,
  swarm: swarm(number),
  ...more,
});

const announce = (...swarms: SwarmKey[]) =>
  ({ type: 'announce', port: 5_000, want: 50, swarms: swarms.map((key) => ({ swarm: key, held: 0 })) }) as const;
const no = (reason: Refusal): Verdict => ({ accepted: false, reason });
const yes: Verdict = { accepted: true };

/** Most tests are not about rates. */
const generous = { perPeer: { links: 8, requestsPerSecond: Number.POSITIVE_INFINITY } };

/** A tracker, and askers that speak to it by hand. */
function setup(config: Partial<TrackerConfig> = {}, askerCount = 2, terms: MemoryTrackerOptions['terms'] = {}) {
  const world = new World();
  const tracker = new MemoryTracker({ rng: seededRng('tracker.test'), config: { ...generous, ...config }, terms });
  const { said } = world.add(tracker);
  const numbers = new LinkNumbers();
  const askers = Array.from({ length: askerCount }, () => world.add());
  const links = askers.map(({ node, facts }) => {
    world.perform(node, { type: 'dial', dial: numbers.nextDial(), address: addressOf(1) });
    world.run(10);
    return (facts.shift() as LinkFact & { link: LinkId }).link;
  });
  /** Sends bytes as a request of an asker; the fact that ends it. */
  const askBytes = (asker: number, request: Uint8Array): LinkFact | undefined => {
    const { node, facts } = askers[asker]!;
    facts.length = 0;
    const ask = numbers.nextAsk();
    world.perform(node, { type: 'ask', link: links[asker]!, ask, request, bodyBytesMax: 2 ** 20 });
    world.run(10);
    return facts[0];
  };
  const ask = <Request extends TrackerRequest>(asker: number, request: Request) => {
    const fact = askBytes(asker, encode(request));
    if (fact?.type !== 'answerReceived') throw new Error(`no answer but ${fact?.type}`);
    const decoded = decode(fact.head);
    if (!decoded.ok) throw new Error(decoded.reason);
    return { ...(decoded.message as Extract<TrackerReply, { type: `${Request['type']}Reply` }>), body: fact.body };
  };
  const events = (): TrackerEvent[] => said.map(({ output }) => output.event);
  return { world, tracker, askers, links, ask, askBytes, events };
}

describe('a tracker', () => {
  test('registers a peer at its observed host and the port it names', () => {
    const { ask, events } = setup();
    expect(ask(0, { type: 'register', port: 5_000, files: [offer(1)] })).toMatchObject({
      files: [{ accepted: true }],
      intervalMs: 30_000,
      observed: addressOf(2),
    });
    const address = { host: '10.0.2.2', port: 5_000 };
    expect(events()).toEqual([{ type: 'registered', peer: peerOf(2), address, swarms: [swarm(1)] }]);
    const { swarms } = ask(1, announce(swarm(1)));
    expect(swarms.map(({ known, peers }) => [known, contactsIn(peers)])).toEqual([
      ['no', [{ address, peer: peerOf(2) }]],
    ]);
  });

  test('lists a peer where it has moved to while linked, at the port it named', () => {
    const { world, askers, ask } = setup();
    const listed = (): string[] =>
      ask(1, announce(swarm(1))).swarms.flatMap(({ peers }) =>
        contactsIn(peers).map(({ address: { host, port } }) => `${host}:${port}`),
      );
    const move = (host: string): void => {
      world.do((now) => world.network.moveNode(askers[0]!.node, { host, port: 9 }, now));
      world.run(10);
    };
    move('10.7.0.1'); // before it has registered
    ask(0, { type: 'register', port: 5_000, files: [offer(1)] });
    expect(listed()).toEqual(['10.7.0.1:5000']);
    move('10.7.0.2');
    expect(listed()).toEqual(['10.7.0.2:5000']);
    ask(0, { ...announce(swarm(1)), port: 6_000 });
    move('10.7.0.3');
    expect(listed()).toEqual(['10.7.0.3:6000']);
  });

  test('lists a peer that moves without rest where it was when it last had something to ask', () => {
    const { world, askers, ask } = setup({ perPeer: { links: 8, requestsPerSecond: 0.5 } });
    ask(0, { type: 'register', port: 5_000, files: [offer(1)] });
    const listed = (): string[] =>
      contactsIn(ask(1, announce(swarm(1))).swarms[0]!.peers).map(({ address }) => address.host);
    for (let number = 1; number <= 50; number += 1) {
      world.do((now) => world.network.moveNode(askers[0]!.node, { host: `10.7.0.${number}`, port: 9 }, now));
      world.run(10);
    }
    expect(listed()).not.toContain('10.7.0.50');
    world.run(10_000);
    ask(0, announce(swarm(1)));
    expect(listed()).toEqual(['10.7.0.50']);
  });

  test('refuses single files of a register, each for its own reason', () => {
    const { ask, events } = setup();
    ask(0, { type: 'register', port: 1, files: [offer(1)] });
    const files = [
      offer(2),
      offer(3, { name: '../passwd' }),
      offer(1, { bytes: 5 }),
      offer(4, { name: 'up\u001b[2J' }),
      offer(5, { name: 'right\u202Eleft' }),
      offer(6, { name: '' }),
    ];
    const reply = ask(1, { type: 'register', port: 1, files });
    const [unsafe, mismatch] = [no('nameUnsafe'), no('mismatch')];
    expect(reply.files).toEqual([yes, unsafe, mismatch, unsafe, unsafe, unsafe]);
    expect(events().filter(({ type }) => type === 'refused')).toHaveLength(5);
  });

  test('lists files, tells locations with their bits, and forgets who leaves', () => {
    const { ask, events } = setup();
    ask(0, { type: 'register', port: 1, files: [offer(1), offer(2)] });
    ask(1, { type: 'register', port: 2, files: [offer(1)] });
    const bits = Uint8Array.of(255, 255, 0xf0);
    expect(ask(0, { type: 'chunkRegister', swarm: swarm(1), held: { bits } }).verdict).toEqual(yes);
    ask(1, { type: 'chunkRegister', swarm: swarm(1), held: { chunks: [2, 7] } });
    expect(ask(1, { type: 'fileList', filter: 'file-1', offset: 0 })).toMatchObject({
      total: 1,
      files: [{ name: 'file-1', seeders: 1, leechers: 1 }],
    });
    const { body, ...located } = ask(1, { type: 'fileLocations', file: { name: 'file-1' } });
    const { holders } = readLocated(located, body)!;
    expect(holders.map(({ peer, held }) => [peer, held.count])).toEqual([
      [peerOf(2), 20],
      [peerOf(3), 2],
    ]);
    expect([...holders[1]!.held.ones()]).toEqual([2, 7]);
    expect(ask(0, { type: 'leave' }).removed).toBe(true);
    expect(ask(1, { type: 'fileLocations', file: { swarm: swarm(1) } })).toMatchObject({ total: 1 });
    expect(ask(1, { type: 'fileLocations', file: { swarm: swarm(2) } })).toMatchObject({ total: 0, rarest: [] });
    expect(events().at(-1)).toEqual({ type: 'left', peer: peerOf(2) });
  });

  test('says no to chunks of a peer or file it does not know', () => {
    const { ask } = setup();
    const held = { chunks: [0] };
    expect(ask(0, { type: 'chunkRegister', swarm: swarm(1), held }).verdict).toEqual(no('unknownPeer'));
    ask(0, { type: 'register', port: 1, files: [offer(1)] });
    expect(ask(0, { type: 'chunkRegister', swarm: swarm(2), held }).verdict).toEqual(no('unknownFile'));
    expect(ask(0, { type: 'chunkRegister', swarm: swarm(1), held: { chunks: [20] } }).verdict).toEqual(no('badChunk'));
  });

  test('forgets a peer that falls silent, not one that announces', () => {
    const { world, tracker, ask, events } = setup({ ttlMs: 10_000 });
    ask(0, { type: 'register', port: 1, files: [offer(1)] });
    ask(1, { type: 'register', port: 1, files: [offer(1)] });
    for (let i = 0; i < 4; i += 1) {
      world.run(3_000);
      expect(ask(1, announce(swarm(1))).swarms[0]!.known).toBe('yes');
    }
    expect(events().at(-1)).toEqual({ type: 'expired', peer: peerOf(2) });
    expect(tracker.stats).toMatchObject({ peers: 1, files: 1 });
    world.run(12_000);
    expect(tracker.stats).toMatchObject({ peers: 0, files: 0 });
    expect(tracker.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('answers the largest announce, list and locations within one message', () => {
    const { world, ask } = setup({}, 60);
    const files = Array.from({ length: 64 }, (_, i) => offer(i, { name: `${i}`.padEnd(nameBytesMax, 'n') }));
    for (let asker = 0; asker < 60; asker += 1) {
      ask(asker, { type: 'register', port: 60_000, files });
      ask(asker, { type: 'chunkRegister', swarm: swarm(0), held: { chunks: [asker % 20] } });
    }
    world.run(100);
    const swarms = files.slice(0, swarmsPerAnnounceMax).map((file) => file.swarm);
    const news = ask(0, announce(...swarms)).swarms;
    expect(news).toHaveLength(swarmsPerAnnounceMax);
    expect(news.every(({ peers }) => contactsIn(peers).length === 31)).toBe(true);
    expect(contactsIn(ask(0, announce(swarm(0))).swarms[0]!.peers)).toHaveLength(50);
    expect(ask(0, { type: 'fileList', filter: '', offset: 0 }).files).toHaveLength(64);
    expect(holdersIn(ask(0, { type: 'fileLocations', file: { swarm: swarm(0) } }).holders)).toHaveLength(60);
  });
});

describe('a tracker and a file without a manifest', () => {
  const draft = draftOffer({ name: 'thesis.pdf', bytes: 250, chunkBytes: 100 })!;
  const id = draft.swarm as DraftId;
  const derived = swarmId('d'.repeat(64))!;
  const hashes = Uint8Array.from({ length: 3 * 32 }, (_, i) => i);
  const claim = (...chunks: number[]) => {
    const claimed = Uint8Array.from(chunks.flatMap((chunk) => [...hashes.subarray(32 * chunk, 32 * chunk + 32)]));
    return { type: 'claim', swarm: id, claims: packClaims(chunks, claimed) } as const;
  };

  /** Two peers on one private network, and how often a manifest was made. */
  function agreeing() {
    const made: string[] = [];
    const manifestOf = (what: Draft, table: Uint8Array): SwarmId => {
      made.push(`${what.name} ${table.length}`);
      return derived;
    };
    const all = setup({}, 3, { manifestOf });
    for (const asker of [0, 1, 2]) all.ask(asker, { type: 'register', port: 1, files: [draft] });
    return { ...all, made };
  }

  test('moves chunks from the check list to the chunk list, and gives them with the agreed hash', () => {
    const { ask } = agreeing();
    expect(ask(0, claim(0, 2))).toMatchObject({ verdict: yes, standings: ['checkList', 'checkList'] });
    const before = ask(2, { type: 'fileLocations', file: { swarm: id } });
    expect(readLocated(before, before.body)).toEqual({ holders: [], hashes: new Map() });
    expect(ask(1, claim(1, 2)).standings).toEqual(['checkList', 'chunkList']);
    const { body, ...located } = ask(2, { type: 'fileLocations', file: { swarm: id } });
    const { holders, hashes: agreed } = readLocated(located, body)!;
    expect(new Map(holders.map(({ peer, held }) => [peer, [...held.ones()]]))).toEqual(
      new Map([
        [peerOf(2), [2]],
        [peerOf(3), [2]],
      ]),
    );
    expect([...agreed]).toEqual([[2, hashes.slice(64)]]);
    const page = ask(2, { type: 'claimList', swarm: id, from: 0, only: 'checkList' });
    expect(page.counts).toEqual({ checkList: 2, chunkList: 1, disputed: 0 });
    expect(page.chunks.map(({ chunk }) => chunk)).toEqual([0, 1]);
  });

  test('derives the manifest when everything is agreed upon, not more than once a second', () => {
    const { world, ask, events, made } = agreeing();
    ask(0, claim(0, 1, 2));
    ask(1, claim(0, 1, 2));
    expect(events().at(-1)).toEqual({ type: 'derived', draft: id, swarm: derived });
    expect(ask(2, { type: 'fileList', filter: 'thesis', offset: 0 }).files[0]).toMatchObject({ derived, seeders: 2 });
    for (let round = 0; round < 20; round += 1) {
      ask(1, { type: 'leave', swarm: id });
      ask(1, { type: 'register', port: 1, files: [draft] });
      ask(1, claim(0, 1, 2));
    }
    expect(made).toEqual(['thesis.pdf 96']);
    world.run(1_000);
    expect(made).toHaveLength(2);
  });

  test('says no to chunks without hashes', () => {
    const { ask } = agreeing();
    expect(ask(0, { type: 'chunkRegister', swarm: id, held: { chunks: [0] } }).verdict).toEqual(no('claimNeeded'));
    const unknown = draftOffer({ name: 'other', bytes: 1, chunkBytes: 1 })!.swarm as DraftId;
    expect(ask(0, { ...claim(0), swarm: unknown }).verdict).toEqual(no('unknownFile'));
    expect(ask(0, { type: 'claimList', swarm: unknown, from: 0 })).toMatchObject({ chunks: [] });
  });
});

describe('a tracker that is not for everybody', () => {
  test('refuses a register for somebody else, and counts what it refused by reason', () => {
    const { ask, tracker } = setup();
    const register = { type: 'register', port: 1, files: [offer(1), offer(2)] } as const;
    expect(ask(0, { ...register, host: '10.0.2.3' }).files).toEqual([no('badAddress'), no('badAddress')]);
    expect(ask(0, { ...register, host: '::ffff:10.0.2.2' }).files).toEqual([yes, yes]);
    ask(1, { type: 'register', port: 1, files: [offer(3, { name: '..' })] });
    expect(tracker.stats.refused).toEqual({ badAddress: 2, nameUnsafe: 1 });
    expect(tracker.stats.peers).toBe(2);
  });

  test('admits only whom it is told to', () => {
    const { world, tracker, askers } = setup({ admits: (peer) => peer !== peerOf(3) });
    world.run(10);
    expect(tracker.stats).toMatchObject({ links: 1, refused: { authenticationFailed: 1 } });
    expect(askers[1]!.facts.at(-1)).toMatchObject({ type: 'linkClosed', code: 'authenticationFailed' });
  });

  test('lets one peer open so many links, and ask so often', () => {
    const { world, tracker, askBytes } = setup({ perPeer: { links: 1, requestsPerSecond: 0.5 } });
    const twin = world.addAs(peerOf(2));
    world.perform(twin.node, { type: 'dial', dial: 99, address: addressOf(1) });
    world.run(10);
    expect(twin.facts.at(-1)).toMatchObject({ type: 'linkClosed', code: 'busy' });
    const request = encode(announce());
    const answers = Array.from({ length: 7 }, () => askBytes(0, request)?.type);
    expect(answers.filter((type) => type === 'answerReceived')).toHaveLength(5);
    expect(askBytes(1, request)?.type).toBe('answerReceived'); // others are not held back
    expect(tracker.stats.refused).toEqual({ quotaExceeded: 3 });
    world.run(10_000);
    expect(askBytes(0, request)?.type).toBe('answerReceived');
  });
});

describe('a tracker among rude remotes', () => {
  test('refuses rubbish, and closes a link that goes on with it', () => {
    const { askBytes, askers, events, world } = setup();
    const rubbish = [
      Uint8Array.of(1, 2, 3),
      encode({ type: 'chunkReply', chunk: 1, waitedMs: 0, readMs: 0, congestion: 0, receiver: 0 }),
    ];
    for (const bytes of rubbish)
      expect(askBytes(0, bytes)).toMatchObject({ type: 'askFailed', code: 'protocolViolated' });
    askBytes(0, new Uint8Array());
    world.run(10);
    expect(askers[0]!.facts.at(-1)).toMatchObject({ type: 'linkClosed', code: 'protocolViolated' });
    expect(events()).toHaveLength(3);
    expect(askBytes(1, encode({ type: 'leave' }))).toMatchObject({ type: 'answerReceived' });
  });

  test('counts one-way messages as rubbish', () => {
    const { world, askers, links } = setup();
    for (let i = 0; i < 3; i += 1)
      world.perform(askers[0]!.node, { type: 'sendMessage', link: links[0]!, message: Uint8Array.of(0) });
    world.run(10);
    expect(askers[0]!.facts.at(-1)).toMatchObject({ type: 'linkClosed', code: 'protocolViolated' });
  });

  test('closes a link too many', () => {
    const { world, tracker } = setup({ linksMax: 2 });
    const late = world.add();
    world.perform(late.node, { type: 'dial', dial: 99, address: addressOf(1) });
    world.run(10);
    expect(late.facts.at(-1)).toMatchObject({ type: 'linkClosed', code: 'busy' });
    expect(tracker.stats.links).toBe(2);
  });

  test('answers every request with a reply or a refusal, whatever its bytes are', () => {
    const { askBytes } = setup({ strikesMax: Number.POSITIVE_INFINITY });
    const requests: Message[] = [
      { type: 'register', port: 1, files: [offer(1)] },
      { type: 'chunkRegister', swarm: swarm(1), held: { chunks: [1, 2, 3] } },
      { type: 'fileLocations', file: { name: 'file-1' } },
      announce(swarm(1)),
      { type: 'fileList', filter: 'f', offset: 0 },
      { type: 'leave', swarm: swarm(1) },
    ];
    const mutated = fc
      .tuple(fc.constantFrom(...requests), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }))
      .map(([request, changes]) => {
        const bytes = encode(request).slice();
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(mutated, (bytes) => {
        expect(askBytes(0, bytes)?.type).toMatch(/answerReceived|askFailed/);
      }),
      { numRuns: 500 },
    );
  });
});
