import type { PeerId } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { decode, encode, type Message } from '@shoal/wire';
import type { SessionEvent } from '../src/index.ts';
import { type Code, drawCode, meetingOf, parseCode } from '../src/introduction/index.ts';
import { confirmationOf, secretOf, sessionKeyOf, shareOf } from '../src/introduction/cpace.ts';
import { inputsOf } from '../src/introduction/inputs.ts';
import { type Identity, makeContent, type Peer, World } from './support/world.ts';

const minuteMs = 60_000;
const ticket = 'shoal:ticket';

const codeOf = (text: string): Code => {
  const parsed = parseCode(text);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.code;
};
const right = codeOf('4821-coral-walnut');
const wrong = codeOf('4821-coral-zoo');

function meetingIn(seed: string) {
  const world = new World({ seed });
  const random = world.rng.fork('secrets');
  const tracker = world.addTracker();
  const trackers = [tracker.address];
  const meet = (code: Code, keep?: { triesMax?: number; lifeMs?: number; ticket?: string }): Peer => {
    const peer = world.addPeer();
    const terms = keep && { ticket, triesMax: 5, lifeMs: 60 * minuteMs, ...keep };
    const options = { code, random: (count: number) => random.bytes(count), trackers, ...(terms && { keep: terms }) };
    peer.tell((session, now) => session.gather(meetingOf(options), now));
    return peer;
  };
  const settle = (peer: Peer): SessionEvent | undefined => {
    const last = (): SessionEvent | undefined =>
      peer.events.find(({ type }) => type === 'ticketReceived' || type === 'codeEnded');
    world.runUntil(() => last() !== undefined, minuteMs);
    return last();
  };
  return { world, tracker, meet, settle, random };
}

describe('whoever has the code', () => {
  test('is given the ticket, and the keeper hears of it', () => {
    const { meet, settle } = meetingIn('right');
    const keeper = meet(right, {});
    const caller = meet(right);
    expect(settle(caller)).toMatchObject({ type: 'ticketReceived', ticket, peer: keeper.peer, triesLeft: 5 });
    expect(keeper.eventsOf('codeAccepted')).toMatchObject([{ peer: caller.peer, meeting: right.meeting }]);
    expect(keeper.eventsOf('codeGuessed')).toEqual([]);
  });

  test('may come before the keeper does', () => {
    const { world, meet, settle } = meetingIn('early');
    const caller = meet(right);
    world.run(10_000);
    meet(right, {});
    expect(settle(caller)).toMatchObject({ type: 'ticketReceived', ticket });
  });

  test('is not kept out by keepers of other codes with the same number, whom that costs one try each', () => {
    const { meet, settle } = meetingIn('crowd');
    const others = ['able', 'abuse'].map((word) => meet(codeOf(`4821-${word}-zoo`), { ticket: 'shoal:other' }));
    meet(right, {});
    expect(settle(meet(right))).toMatchObject({ type: 'ticketReceived', ticket });
    for (const other of others) expect(other.eventsOf('codeGuessed').length).toBeLessThanOrEqual(1);
  });

  test('meets whoever answers for the code when its first keeper has gone', () => {
    const { world, meet, settle } = meetingIn('heir');
    const first = meet(right, {});
    settle(meet(right));
    const heir = meet(right, { triesMax: 3 });
    first.stop();
    world.run(1_000);
    expect(settle(meet(right))).toMatchObject({ type: 'ticketReceived', peer: heir.peer, triesLeft: 3 });
  });

  test('is told how long the code goes on', () => {
    const { world, meet, settle } = meetingIn('life');
    meet(right, { lifeMs: 10 * minuteMs });
    world.run(4 * minuteMs);
    const received = settle(meet(right));
    expect(received?.type === 'ticketReceived' && received.lifeMs).toBeGreaterThan(5 * minuteMs);
    expect(received?.type === 'ticketReceived' && received.lifeMs).toBeLessThanOrEqual(6 * minuteMs);
  });
});

test('a keeper that is slow to join in the swarm hears all the same that its caller has it all', () => {
  const { world, meet, settle } = meetingIn('slow keeper');
  const content = makeContent(100_000, 10_240, world.rng.fork('content'));
  const keeper = meet(right, {});
  keeper.share(content);
  const fellow = world.addPeer();
  fellow.get(content, [keeper]);
  world.runUntil(() => fellow.isDone, minuteMs);
  const caller = meet(right);
  settle(caller);
  world.freeze(keeper);
  caller.get(content, [keeper, fellow]);
  world.runUntil(() => caller.eventsOf('remoteJoined').length > 0, minuteMs);
  caller.tell((session, now) => session.leave(right.meeting, now));
  world.runUntil(() => caller.isDone, minuteMs);
  caller.stop();
  world.thaw(keeper);
  world.run(1_000);
  expect(keeper.eventsOf('remoteCompleted').map(({ peer }) => peer)).toEqual([fellow.peer, caller.peer]);
});

test('a keeper that leaves the meeting while its caller joins in the swarm is not dialled again for it', () => {
  const { world, meet, settle } = meetingIn('keeper leaves');
  const content = makeContent(100_000, 10_240, world.rng.fork('content'));
  const keeper = meet(right, {});
  keeper.share(content);
  const caller = meet(right);
  settle(caller);
  caller.get(content, [keeper]);
  keeper.tell((session, now) => session.leave(right.meeting, now));
  world.runUntil(() => caller.isDone, 5_000);
  expect(caller.eventsOf('linkUp').filter(({ peer }) => peer === keeper.peer)).toHaveLength(1);
});

test('a keeper that is stopped while it is called on is called on again', () => {
  const { world, meet, settle } = meetingIn('stopped keeper');
  const keeper = meet(right, {});
  const caller = meet(right);
  world.runUntil(() => keeper.eventsOf('linkUp').length > 0 && caller.eventsOf('linkUp').length > 0, minuteMs);
  world.run(11); // both have joined, and the first request is on its way
  world.freeze(keeper);
  world.run(20_000);
  expect(caller.eventsOf('ticketReceived')).toEqual([]);
  world.thaw(keeper);
  expect(settle(caller)).toMatchObject({ type: 'ticketReceived', ticket });
});

describe('a wrong code', () => {
  test('costs one try, which both sides hear of, and gives nothing away', () => {
    const { meet, settle } = meetingIn('wrong');
    const keeper = meet(right, {});
    const caller = meet(wrong);
    expect(settle(caller)).toEqual({ type: 'codeEnded', meeting: right.meeting, reason: 'refused' });
    expect(caller.eventsOf('codeRefused')).toMatchObject([{ peer: keeper.peer, triesLeft: 4 }]);
    expect(keeper.eventsOf('codeGuessed')).toMatchObject([{ peer: caller.peer, triesLeft: 4 }]);
    expect(keeper.eventsOf('codeAccepted')).toEqual([]);
  });

  test('is dead after the last try, for the right code too', () => {
    const { world, meet, settle } = meetingIn('dead');
    const keeper = meet(right, { triesMax: 3 });
    for (let guess = 0; guess < 3; guess += 1) settle(meet(wrong));
    expect(keeper.eventsOf('codeEnded')).toEqual([{ type: 'codeEnded', meeting: right.meeting, reason: 'guessed' }]);
    const late = meet(right);
    world.run(minuteMs);
    expect(late.eventsOf('ticketReceived')).toEqual([]);
    expect(keeper.eventsOf('codeAccepted')).toEqual([]);
  });

  test('tells a caller after three keepers that it is wrong, and no fourth is tried', () => {
    const { meet, settle } = meetingIn('many');
    const keepers = Array.from({ length: 5 }, () => meet(right, {}));
    const caller = meet(wrong);
    expect(settle(caller)).toMatchObject({ type: 'codeEnded', reason: 'refused' });
    expect(keepers.flatMap((keeper) => keeper.eventsOf('codeGuessed'))).toHaveLength(3);
  });
});

test('a code whose time is over is answered for no more', () => {
  const { world, meet } = meetingIn('expiry');
  const keeper = meet(right, { lifeMs: 5 * minuteMs });
  world.run(5 * minuteMs - 1);
  expect(keeper.eventsOf('codeEnded')).toEqual([]);
  world.run(2);
  expect(keeper.eventsOf('codeEnded')).toMatchObject([{ reason: 'expired' }]);
  const late = meet(right);
  world.run(minuteMs);
  expect(late.eventsOf('ticketReceived')).toEqual([]);
});

test('nobody is there: the caller waits and asks on, and says nothing', () => {
  const { world, meet } = meetingIn('nobody');
  const [caller, other] = [meet(right), meet(right)];
  world.run(5 * minuteMs);
  expect([...caller.events, ...other.events].filter(({ type }) => type.startsWith('code'))).toEqual([]);
});

test('nobody goes to a meeting twice: the first code stands', () => {
  const { meet, settle, random } = meetingIn('twice');
  const keeper = meet(right, {});
  const again = { code: wrong, random: (count: number) => random.bytes(count) };
  keeper.tell((session, now) => session.gather(meetingOf(again), now));
  expect(settle(meet(right))).toMatchObject({ type: 'ticketReceived', peer: keeper.peer });
});

/** Links to a keeper, joins the meeting, then sends what it is told to; `answers` are what comes back. */
function intruder(seed: string, keep: { triesMax?: number } = {}) {
  const { world, meet, settle } = meetingIn(seed);
  const keeper = meet(right, keep);
  const answers: (Message | string)[] = [];
  let link: number | undefined;
  const self: Identity = world.addNode({}, ({ fact }) => {
    if (fact.type === 'linkOpened') link = fact.link;
    if (fact.type === 'answerReceived') {
      const decoded = decode(fact.head);
      answers.push(decoded.ok ? decoded.message : decoded.reason);
    }
    if (fact.type === 'askFailed') answers.push(fact.code);
  });
  const perform = (order: object): void => world.network.perform(self.node, { ...order, link } as never, world.now);
  let asks = 0;
  const ask = (message: Message): Message | string => {
    const before = answers.length;
    perform({ type: 'ask', ask: (asks += 1), request: encode(message), bodyBytesMax: 0 });
    world.runUntil(() => answers.length > before, 10_000);
    return answers.at(-1)!;
  };
  world.network.perform(self.node, { type: 'dial', dial: 1, address: keeper.address }, world.now);
  world.runUntil(() => link !== undefined, 10_000);
  const { meeting: swarm } = right;
  const join = (): void => {
    const message = encode({ type: 'join', swarm, bits: new Uint8Array(), offering: false });
    perform({ type: 'sendMessage', message });
  };
  const session = new Uint8Array(16).fill(3);
  const secret = secretOf(new Uint8Array(32).fill(5));
  const inputs = (caller: PeerId) => inputsOf(right, session, { caller, keeper: keeper.peer });
  const call = (caller = self.peer) =>
    ask({ type: 'codeRequest', swarm, session, share: shareOf(inputs(caller), secret) });
  /** The proof that the right code makes with the keeper's share. */
  const proofFor = (reply: Message | string, caller = self.peer): Uint8Array => {
    if (typeof reply === 'string' || reply.type !== 'codeReply') throw new Error(`no share: ${JSON.stringify(reply)}`);
    const data = new Uint8Array();
    const ours = { share: shareOf(inputs(caller), secret), data };
    const theirs = { share: reply.share, data };
    const key = sessionKeyOf(session, secret, theirs, { initiator: ours, responder: theirs })!;
    return confirmationOf(key, session, ours);
  };
  const prove = (proof: Uint8Array) => ask({ type: 'proofRequest', swarm, proof });
  return { world, keeper, join, call, proofFor, prove, ask, meet, settle };
}

describe('a stranger with a protocol of its own', () => {
  test('can take the way that honest callers take', () => {
    const { join, call, proofFor, prove } = intruder('honest');
    join();
    expect(prove(proofFor(call()))).toMatchObject({ type: 'proofReply', triesLeft: 5, sealed: expect.any(Uint8Array) });
  });

  test('is told nothing before it has joined', () => {
    expect(intruder('shy').call()).toBe('notFound');
  });

  test('has one proof for each call, and a proof seen before is none', () => {
    const { join, call, proofFor, prove } = intruder('replay');
    join();
    const proof = proofFor(call());
    expect(prove(proof)).toMatchObject({ triesLeft: 5 });
    expect(prove(proof)).toBe('notFound');
    call(); // the same share and session, and the proof of then: the keeper's share is another
    expect(prove(proof)).toEqual({ type: 'proofReply', triesLeft: 4, lifeMs: expect.any(Number) });
  });

  test('gains nothing from messages of somebody else, as when it sits in between', () => {
    const { join, call, proofFor, prove } = intruder('between');
    join();
    const other = 'ab'.repeat(32) as PeerId;
    expect(prove(proofFor(call(other), other))).toMatchObject({ triesLeft: 4 });
  });

  test('spends no try with shares alone, and is cut short', () => {
    const { world, keeper, join, call, meet, settle } = intruder('shares');
    join();
    const replies = Array.from({ length: 200 }, () => call());
    expect(replies).toContain('busy');
    expect(keeper.eventsOf('codeGuessed')).toEqual([]);
    world.run(2_000);
    expect(settle(meet(right))).toMatchObject({ type: 'ticketReceived', triesLeft: 5 });
  });

  test.each([
    ['no element of the group', 'ff'],
    ['the neutral element', '00'],
  ])('that sends %s is refused', (_what, byte) => {
    const { keeper, join, ask } = intruder(`share ${byte}`);
    join();
    const share = new Uint8Array(32).fill(Number.parseInt(byte, 16));
    const session = new Uint8Array(16);
    expect(ask({ type: 'codeRequest', swarm: right.meeting, session, share })).toBe('protocolViolated');
    expect(keeper.eventsOf('remoteStruck')).toMatchObject([{ offence: 'badMessage' }]);
  });

  test('asks for chunks in vain', () => {
    const { join, ask } = intruder('chunks');
    join();
    expect(ask({ type: 'chunkRequest', swarm: right.meeting, chunk: 0 })).toBe('notFound');
  });

  test('has no more guesses with many links than with one', () => {
    const { join, call, prove, keeper } = intruder('guesses', { triesMax: 2 });
    join();
    const told = Array.from({ length: 4 }, () => (call(), prove(new Uint8Array(64))));
    expect(told).toMatchObject([{ triesLeft: 1 }, { triesLeft: 0 }, {}, {}]);
    expect(told.slice(2)).toEqual(['notFound', 'notFound']);
    expect(keeper.eventsOf('codeGuessed')).toHaveLength(2);
  });
});

test('somebody who only claims to keep the code learns one guess at most, and the caller goes on to the real one', () => {
  const { world, meet, settle } = meetingIn('impostor');
  const caller = meet(right);
  const impostor = world.addNode({}, ({ fact }) => {
    const perform = (order: object): void => world.network.perform(impostor.node, order as never, world.now);
    if (fact.type === 'linkOpened')
      perform({
        type: 'sendMessage',
        link: fact.link,
        message: encode({ type: 'join', swarm: right.meeting, bits: new Uint8Array(), offering: true }),
      });
    if (fact.type !== 'requestReceived') return;
    const inputs = inputsOf(wrong, new Uint8Array(16), { caller: caller.peer, keeper: impostor.peer });
    const decoded = decode(fact.message);
    const isCall = decoded.ok && decoded.message.type === 'codeRequest';
    const reply: Message = isCall
      ? { type: 'codeReply', share: shareOf(inputs, 5n) }
      : { type: 'proofReply', triesLeft: 9, lifeMs: 9, sealed: new Uint8Array(40) };
    perform({ type: 'answer', link: fact.link, request: fact.request, head: encode(reply) });
  });
  world.network.perform(impostor.node, { type: 'dial', dial: 1, address: caller.address }, world.now);
  world.runUntil(() => caller.eventsOf('codeRefused').length > 0, minuteMs);
  expect(caller.eventsOf('codeRefused')).toMatchObject([{ peer: impostor.peer }]);
  meet(right, {});
  world.run(100);
  expect(settle(caller)).toMatchObject({ type: 'ticketReceived', ticket });
});

test('a code is drawn from what the shell gives', () => {
  expect(drawCode((count) => new Uint8Array(count)).text).toBe('1000-abandon-abandon');
});
