import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTicket, parseTicket } from '@shoal/chunker';
import { type Address, type ErrorCode, seededRng, ShoalError } from '@shoal/machine';
import { openTracker } from '@shoal/tracker/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openPeer, type RunningPeer, type TransferEvent } from '../src/node/index.ts';
import { Loopback } from './support/loopback.ts';

let folder: string;
let loopback: Loopback;
let peers: RunningPeer[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-peer-'));
  loopback = new Loopback();
  peers = [];
});
afterEach(async () => {
  await Promise.all(peers.map((peer) => peer.close()));
  await rm(folder, { recursive: true, force: true });
});

const content = seededRng('content').bytes(3_000_000);

async function newPeer(trackers: Address[] = []): Promise<RunningPeer> {
  const peer = await openPeer({ discovery: false, links: loopback.open(), trackers });
  peers.push(peer);
  return peer;
}

async function share(owner: RunningPeer): Promise<string> {
  const path = join(folder, 'a.bin');
  await writeFile(path, content);
  return (await owner.share({ path })).ticket;
}

const errorOf = async (promise: Promise<unknown>): Promise<ShoalError> => {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof ShoalError) return error;
  throw new Error('no ShoalError', { cause: error });
};

const codeOf = async (promise: Promise<unknown>): Promise<ErrorCode> => (await errorOf(promise)).code;

const isContent = async (path: string): Promise<boolean> => Buffer.compare(await readFile(path), content) === 0;

describe('a peer on this machine', () => {
  test('shares a file, and another gets it', async () => {
    const [owner, receiver] = [await newPeer(), await newPeer()];
    const ticket = await share(owner);
    const destination = join(folder, 'copy.bin');
    const report = await receiver.get(ticket, { destination }).done;
    expect(report).toMatchObject({ destination, totalBytes: content.length, receivedBytes: content.length });
    expect(report.remotes).toMatchObject([{ peer: owner.peer, receivedBytes: content.length }]);
    expect(await isContent(destination)).toBe(true);
  });

  test('shares a folder with empty files and folders', async () => {
    const [owner, receiver] = [await newPeer(), await newPeer()];
    await mkdir(join(folder, 'set', 'deep', 'empty'), { recursive: true });
    await writeFile(join(folder, 'set', 'one.txt'), 'one');
    await writeFile(join(folder, 'set', 'deep', 'nothing.txt'), '');
    const { ticket } = await owner.share({ path: join(folder, 'set') });
    await receiver.get(ticket, { destination: join(folder, 'copy') }).done;
    expect((await readdir(join(folder, 'copy'), { recursive: true })).sort()).toEqual(
      ['deep', 'deep/empty', 'deep/nothing.txt', 'one.txt'].map((path) => join(path)),
    );
  });

  test('shares a file of no bytes', async () => {
    const [owner, receiver] = [await newPeer(), await newPeer()];
    await writeFile(join(folder, 'nothing'), '');
    const { ticket } = await owner.share({ path: join(folder, 'nothing') });
    const report = await receiver.get(ticket, { destination: join(folder, 'copy') }).done;
    expect(report).toMatchObject({ totalBytes: 0, chunkCount: 0 });
    expect(await readFile(join(folder, 'copy'))).toHaveLength(0);
  });

  test('three receivers find one another by a tracker, and serve on', async () => {
    const tracker = openTracker({ links: loopback.open() });
    const ticket = await share(await newPeer([tracker.address]));
    const receivers = [await newPeer(), await newPeer(), await newPeer()];
    const transfers = receivers.map((receiver, i) =>
      receiver.get(ticket, { destination: join(folder, `copy ${i}`), seed: true }),
    );
    const reports = await Promise.all(transfers.map((transfer) => transfer.done));
    for (const report of reports) expect(await isContent(report.destination)).toBe(true);
    expect(Math.max(...reports.map((report) => report.remotes.length))).toBeGreaterThan(1);
    expect(transfers.map((transfer) => transfer.progress().state)).toEqual(['finished', 'finished', 'finished']);
    await tracker.close();
  });

  test('describes what a ticket names without fetching it', async () => {
    const [owner, receiver] = [await newPeer(), await newPeer()];
    const ticket = await share(owner);
    const { manifest, swarmId } = await receiver.describe(ticket);
    expect(manifest.files).toMatchObject([{ path: 'a.bin', bytes: content.length }]);
    const known = parseTicket(ticket);
    expect(known.ok && known.value.swarmId).toBe(swarmId);
    expect(await readdir(folder)).toEqual(['a.bin']);
    await receiver.get(ticket, { destination: join(folder, 'copy.bin') }).done; // it holds on to nothing
    expect(await codeOf(owner.describe(ticket))).toBe('exists');
    const signal = AbortSignal.abort();
    expect(await codeOf((await newPeer()).describe(ticket, { signal }))).toBe('aborted');
  });

  test('pictures who is there, and what each holds', async () => {
    const [owner, receiver] = [await newPeer(), await newPeer()];
    const path = join(folder, 'a.bin');
    await writeFile(path, content);
    const shared = await owner.share({ path });
    const transfer = receiver.get(shared.ticket, { destination: join(folder, 'copy.bin'), seed: true });
    expect(transfer.picture()).toBeUndefined();
    await transfer.done;
    const seen = transfer.picture()!;
    expect(seen).toMatchObject({ chunkCount: shared.chunkCount, totalBytes: content.length });
    expect(seen.held.isFull).toBe(true);
    expect(seen.remotes).toMatchObject([{ peer: owner.peer, address: owner.address, isOwner: true }]);
    expect(seen.remotes[0]!.held!.isFull).toBe(true);
    await expect.poll(() => shared.picture()!.remotes[0]?.held?.isFull).toBe(true);
    expect(shared.picture()!.remotes[0]).toMatchObject({ peer: receiver.peer, isOwner: false });
    await transfer.close();
    expect(transfer.picture()).toBeUndefined();
  });

  test('a ticket leads to the owner though its tracker is dead', async () => {
    const tracker = openTracker({ links: loopback.open() });
    const ticket = await share(await newPeer([tracker.address]));
    await tracker.close();
    const report = await (await newPeer()).get(ticket, { destination: join(folder, 'copy') }).done;
    expect(await isContent(report.destination)).toBe(true);
  });

  test('waits for somebody who has the content, and says so', async () => {
    const ticket = await share(await newPeer());
    await peers[0]!.close();
    const receiver = await newPeer();
    const transfer = receiver.get(ticket, { destination: join(folder, 'copy') });
    const events: TransferEvent['type'][] = [];
    for await (const event of transfer.events) {
      events.push(event.type);
      if (event.type === 'waiting') break;
    }
    expect(events).toContain('waiting');
    expect(transfer.progress()).toMatchObject({ state: 'finding', heldBytes: 0 });
    await transfer.close();
    expect(await codeOf(transfer.done)).toBe('aborted');
  });

  test('gives up after a time, and goes on from there the next time', async () => {
    const ticket = await share(await newPeer());
    const destination = join(folder, 'copy');
    const receiver = await newPeer();
    const first = receiver.get(ticket, { destination });
    for await (const event of first.events) if (event.type === 'chunkHeld') break;
    await peers[0]!.close();
    const { heldBytes } = first.progress();
    await first.close();
    const late = await errorOf(receiver.get(ticket, { destination, timeoutMs: 50 }).done);
    expect(late).toMatchObject({ code: 'timedOut', message: expect.stringContaining('get it again') });

    const again = await newPeer();
    const { ticket: second } = await again.share({ path: join(folder, 'a.bin') });
    const report = await receiver.get(second, { destination }).done;
    expect(report.resumedBytes).toBeGreaterThanOrEqual(Math.min(heldBytes, 1));
    expect(report.receivedBytes + report.resumedBytes).toBe(content.length);
    expect(await isContent(destination)).toBe(true);
  });

  test('is stopped by a signal, also by one that came before', async () => {
    const ticket = await share(await newPeer());
    await peers[0]!.close();
    const receiver = await newPeer();
    const control = new AbortController();
    const transfer = receiver.get(ticket, { destination: join(folder, 'copy'), signal: control.signal });
    control.abort();
    expect(await codeOf(transfer.done)).toBe('aborted');
    const dead = receiver.get(ticket, { destination: join(folder, 'copy'), signal: AbortSignal.abort() });
    expect(await codeOf(dead.done)).toBe('aborted');
  });

  test('refuses a destination that exists, with the path in the message', async () => {
    const ticket = await share(await newPeer());
    const destination = join(folder, 'taken');
    await writeFile(destination, 'mine');
    const error = await errorOf((await newPeer()).get(ticket, { destination }).done);
    expect(error).toMatchObject({ code: 'exists', message: expect.stringContaining('taken') });
    expect(await readFile(destination, 'utf8')).toBe('mine');
  });

  test('refuses what is no ticket, and the same content twice', async () => {
    const owner = await newPeer();
    const ticket = await share(owner);
    expect(() => owner.get('shoal:AAAA')).toThrow(expect.objectContaining({ code: 'ticketInvalid' }));
    expect(() => owner.get(ticket)).toThrow(expect.objectContaining({ code: 'exists' }));
    expect(await codeOf(share(owner))).toBe('exists');
  });

  test('a ticket with a wrong identity finds nobody who could answer it', async () => {
    const parsed = parseTicket(await share(await newPeer()));
    if (!parsed.ok) throw new Error('the ticket is right');
    const forged = formatTicket({
      ...parsed.value,
      swarmId: parsed.value.swarmId.replace(/^./, (first) => (first === '0' ? '1' : '0')) as never,
    });
    const transfer = (await newPeer()).get(forged, { destination: join(folder, 'copy'), timeoutMs: 100 });
    expect(await codeOf(transfer.done)).toBe('timedOut');
  });

  test('closing ends every transfer and every iteration', async () => {
    const ticket = await share(await newPeer());
    await peers[0]!.close();
    const receiver = await newPeer();
    const transfer = receiver.get(ticket, { destination: join(folder, 'copy') });
    const ended = (async () => {
      for await (const _ of transfer.events);
    })();
    await receiver.close();
    expect(await codeOf(transfer.done)).toBe('aborted');
    await ended;
    await expect(receiver.share({ path: folder })).rejects.toMatchObject({ code: 'aborted' });
  });
});
