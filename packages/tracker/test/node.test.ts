import { type LinkPort, ShoalError, seededRng, UsageError } from '@shoal/machine';
import { encode, type FileOffer, swarmId } from '@shoal/wire';
import { describe, expect, test } from 'vitest';
import { MemoryStore, readLocated, type TrackerStore } from '../src/index.ts';
import { askTracker, openTracker, type ServedTrackerEvent } from '../src/node/index.ts';
import { Ports } from './support/ports.ts';
import { addressOf, peerOf } from './support/world.ts';

const offer: FileOffer = { name: 'photos', bytes: 90, chunkCount: 9, swarm: swarmId('c'.repeat(64))! };

function setup(store?: TrackerStore) {
  const ports = new Ports();
  const { clock } = ports;
  const events: ServedTrackerEvent[] = [];
  const onEvent = (event: ServedTrackerEvent): void => {
    events.push(event);
  };
  const rng = seededRng('node.test');
  const tracker = openTracker({ links: ports.open(), clock, rng, onEvent, ...(store && { store }) });
  /** Lets virtual time pass, and promises run, until `promise` has settled. */
  const settle = async <Value>(promise: Promise<Value>): Promise<Value> => {
    const state = { settled: false };
    const finished = promise.finally(() => {
      state.settled = true;
    });
    finished.catch(() => undefined);
    while (!state.settled && clock.now() < 1_000_000) {
      clock.advance(1);
      await Promise.resolve();
    }
    return finished;
  };
  return { ports, clock, tracker, events, settle };
}

const failureOf = async (promise: Promise<unknown>): Promise<ShoalError> => {
  const failure: unknown = await promise.catch((error: unknown) => error);
  if (!(failure instanceof ShoalError)) throw new Error(`no ShoalError but ${String(failure)}`);
  return failure;
};

describe('a running tracker', () => {
  test('answers single questions of whoever asks, and tells what happens', async () => {
    const { ports, clock, tracker, events, settle } = setup();
    const asker = ports.open();
    const register = askTracker(asker, tracker.address, { type: 'register', port: 5, files: [offer] }, { clock });
    expect((await settle(register)).reply.files).toEqual([{ accepted: true }]);
    const held = { chunks: [1, 8] };
    await settle(askTracker(asker, tracker.address, { type: 'chunkRegister', swarm: offer.swarm, held }, { clock }));
    const where = askTracker(asker, tracker.address, { type: 'fileLocations', file: { name: 'photos' } }, { clock });
    const { reply, body } = await settle(where);
    expect(readLocated(reply, body)!.holders.map(({ held: bits }) => Array.from(bits.ones()))).toEqual([[1, 8]]);
    expect(events).toEqual([
      { type: 'registered', peer: peerOf(2), address: { ...addressOf(2), port: 5 }, swarms: [offer.swarm] },
    ]);
    expect(await tracker.stats()).toMatchObject({ peers: 1, files: 1, answered: { fileLocations: 1 } });
    clock.advance(100_000);
    expect(events.at(-1)).toEqual({ type: 'expired', peer: peerOf(2) });
  });

  test('waits for a store that takes its time, and survives one that fails', async () => {
    const memory = new MemoryStore({ rng: seededRng('slow'), ttlMs: 90_000 });
    const odd: Partial<TrackerStore> = {
      list: async (...args) => {
        await Promise.resolve();
        return memory.list(...args);
      },
      locate: () => Promise.reject(new Error('disk on fire')),
    };
    const slow = new Proxy<TrackerStore>(memory, {
      get: (_, name: keyof TrackerStore) => odd[name] ?? memory[name].bind(memory),
    });
    const { ports, clock, tracker, events, settle } = setup(slow);
    const asker = ports.open();
    const list = askTracker(asker, tracker.address, { type: 'fileList', filter: '', offset: 0 }, { clock });
    expect((await settle(list)).reply.total).toBe(0);
    const locate = askTracker(asker, tracker.address, { type: 'fileLocations', file: { name: 'x' } }, { clock });
    expect(await failureOf(settle(locate))).toMatchObject({ code: 'refused' });
    expect(events[0]).toMatchObject({ type: 'storeFailed', cause: { message: 'disk on fire' } });
  });

  test('refuses a time to live that peers cannot keep', () => {
    const links = new Ports().open();
    for (const ttlMs of [0, 2_999, Number.NaN, 1e12]) expect(() => openTracker({ links, ttlMs })).toThrow(UsageError);
  });
});

describe('asking a tracker', () => {
  const list = { type: 'fileList', filter: '', offset: 0 } as const;

  test('fails with the address in the sentence when nobody answers there', async () => {
    const { ports, clock, settle } = setup();
    const failure = await failureOf(settle(askTracker(ports.open(), addressOf(99), list, { clock })));
    expect(failure.code).toBe('trackerUnreachable');
    expect(failure.message).toContain('10.0.2.99:4000');
  });

  test('fails in time when somebody answers the dial but not the question', async () => {
    const { ports, clock, settle } = setup();
    const silent = ports.open();
    const asked = askTracker(ports.open(), silent.address, list, { clock, timeoutMs: 3_000 });
    expect(await failureOf(settle(asked))).toMatchObject({ code: 'trackerUnreachable' });
    expect(clock.now()).toBeLessThan(3_010);
  });

  test('fails when the tracker vanishes or hangs up meanwhile', async () => {
    const { ports, clock, settle } = setup();
    const mute = ports.open();
    mute.listen((fact) => {
      if (fact.type === 'requestReceived') mute.perform({ type: 'closeLink', link: fact.link, code: 'busy' });
    });
    const failure = await failureOf(settle(askTracker(ports.open(), mute.address, list, { clock })));
    expect(failure.message).toContain('(busy)');
  });

  test('fails when what answers is no tracker', async () => {
    const { ports, clock, settle } = setup();
    const answers = [Uint8Array.of(0xc1), encode({ type: 'leaveReply', removed: true })];
    for (const head of answers) {
      const peer: LinkPort = ports.open();
      peer.listen((fact) => {
        if (fact.type === 'requestReceived')
          peer.perform({ type: 'answer', link: fact.link, request: fact.request, head });
      });
      const failure = await failureOf(settle(askTracker(ports.open(), peer.address, list, { clock })));
      expect(failure.code).toBe('protocolViolated');
    }
  });

  test('takes the answer of the first of several that answers', async () => {
    const { ports, clock, tracker, settle } = setup();
    const mute = ports.open();
    const addresses = [addressOf(99), mute.address, tracker.address];
    const { reply } = await settle(askTracker(ports.open(), addresses, list, { clock }));
    expect(reply.total).toBe(0);
    expect(clock.now()).toBeLessThan(500); // it did not wait for the others
  });

  test('fails when none of several answers, and says what is wrong where somebody did', async () => {
    const { ports, clock, settle } = setup();
    const fake = ports.open();
    fake.listen((fact) => {
      if (fact.type === 'requestReceived')
        fake.perform({ type: 'refuse', link: fact.link, request: fact.request, code: 'busy' });
    });
    const nobody = [addressOf(98), addressOf(99)];
    expect(await failureOf(settle(askTracker(ports.open(), nobody, list, { clock })))).toMatchObject({
      code: 'trackerUnreachable',
    });
    const refused = askTracker(ports.open(), [...nobody, fake.address], list, { clock });
    expect(await failureOf(settle(refused))).toMatchObject({ code: 'refused' });
    expect(() => askTracker(ports.open(), [], list)).toThrow(UsageError);
  });

  test('hangs up trackers that answer the dial too late', async () => {
    const { ports, clock, tracker, settle } = setup();
    const slow = ports.open();
    const closed: string[] = [];
    slow.listen((fact) => {
      if (fact.type === 'linkClosed') closed.push(fact.code);
    });
    await settle(askTracker(ports.open(), [tracker.address, slow.address], list, { clock }));
    clock.advance(1_000);
    expect(closed).toEqual(['done']);
    expect((await tracker.stats()).links).toBe(0);
  });

  test('refuses to ask what no tracker could read', () => {
    const request = { type: 'fileLocations', file: { name: 'n'.repeat(300) } } as const;
    expect(() => askTracker(new Ports().open(), addressOf(1), request)).toThrow(UsageError);
  });

  test('stops when told to, before or meanwhile', async () => {
    const { ports, clock, tracker, settle } = setup();
    const before = askTracker(ports.open(), tracker.address, list, { clock, signal: AbortSignal.abort() });
    expect(await failureOf(settle(before))).toMatchObject({ code: 'aborted' });
    const controller = new AbortController();
    const meanwhile = askTracker(ports.open(), addressOf(99), list, { clock, signal: controller.signal });
    controller.abort();
    expect(await failureOf(settle(meanwhile))).toMatchObject({ code: 'aborted' });
  });
});
