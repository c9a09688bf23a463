// What peers do about the troubles of real files: a disk that is full, that cannot be read, or that others write to.

import { spawnSync } from 'node:child_process';
import type * as Fs from 'node:fs';
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SessionEvent } from '../src/events.ts';
import { codeOf, TestMachine } from './support/machine.ts';
import { quickClock } from './support/quick-clock.ts';

/** While true, nothing can be read from any open file. */
const disk = vi.hoisted(() => ({ isUnreadable: false }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof Fs>();
  const { promisify } = await import('node:util');
  const read = promisify(fs.read);
  const readOrFail = (...args: Parameters<typeof read>): ReturnType<typeof read> =>
    disk.isUnreadable
      ? Promise.reject(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }))
      : read(...args);
  return { ...fs, read: Object.assign(() => undefined, { [promisify.custom]: readOrFail }) };
});

const bytes = seededRng('disks').bytes(1_500_000);
const other = seededRng('another').bytes(600_000);

/** An owner of `a.bin` and `b.bin`, and their tickets. */
async function setOut() {
  const machine = await TestMachine.start();
  onTestFinished(() => machine[Symbol.asyncDispose]());
  await machine.write({ 'a.bin': bytes, 'b.bin': other });
  const events: SessionEvent[] = [];
  const owner = await machine.newPeer({ clock: quickClock(20), onEvent: (event) => void events.push(event) });
  const a = await owner.share({ path: machine.path('a.bin') });
  const b = await owner.share({ path: machine.path('b.bin') });
  return { machine, owner, a, b, eventsOf: <T extends SessionEvent['type']>(type: T) => eventsOf(events, type) };
}

const eventsOf = <T extends SessionEvent['type']>(events: readonly SessionEvent[], type: T) =>
  events.filter((event): event is SessionEvent & { readonly type: T } => event.type === type);

/** A disk of 2 MiB, in memory; undefined where one cannot be made. */
function smallDisk(folder: string): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  mkdirSync(folder);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]).status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  return folder;
}

const hasSmallDisks = ((): boolean => {
  const works = process.platform === 'linux' && process.getuid?.() === 0;
  if (!works) process.stdout.write('disks: a full disk is skipped, since only root on Linux can make a small one\n');
  return works;
})();

describe('a disk', () => {
  test.skipIf(!hasSmallDisks)('that fills up pauses its transfer alone, until there is room', async ({ skip }) => {
    const { machine, a, b } = await setOut();
    const small = smallDisk(machine.path('small')) ?? skip('no small disk can be mounted here');
    const filler = join(small, 'filler');
    const events: SessionEvent[] = [];
    const receiver = await machine.newPeer({
      clock: quickClock(20),
      onEvent(event) {
        events.push(event);
        if (event.type === 'storeReady' && event.swarm === a.swarm) writeFileSync(filler, Buffer.alloc(1_200_000));
      },
    });
    const full = receiver.get(a.ticket, { destination: join(small, 'a.bin') });
    for await (const { type } of full.events) if (type === 'paused') break;
    expect(eventsOf(events, 'paused')).toMatchObject([{ swarm: a.swarm, code: 'diskFull' }]);
    await receiver.get(b.ticket, { destination: machine.path('b copy') }).done;
    expect(readFileSync(machine.path('b copy')).equals(other)).toBe(true);
    expect(full.progress().state).toBe('fetching');
    rmSync(filler);
    await full.done;
    expect(readFileSync(join(small, 'a.bin')).equals(bytes)).toBe(true);
    expect(eventsOf(events, 'resumed').map(({ swarm }) => swarm)).toContain(a.swarm);
    expect(eventsOf(events, 'failed')).toEqual([]);
  });

  test('that cannot be read for a while delays its chunks, and nobody is blamed', async () => {
    const { machine, a, eventsOf: ownersEvents } = await setOut();
    const events: SessionEvent[] = [];
    const receiver = await machine.newPeer({ clock: quickClock(20), onEvent: (event) => void events.push(event) });
    disk.isUnreadable = true;
    onTestFinished(() => void (disk.isUnreadable = false));
    const transfer = receiver.get(a.ticket, { destination: machine.path('copy') });
    await vi.waitUntil(() => ownersEvents('readFailed').length > 0, { timeout: 60_000 });
    expect(ownersEvents('readFailed')[0]).toMatchObject({ swarm: a.swarm, code: 'diskFailed' });
    disk.isUnreadable = false;
    await transfer.done;
    expect(readFileSync(machine.path('copy')).equals(bytes)).toBe(true);
    expect(eventsOf(events, 'remoteStruck')).toEqual([]);
    expect(ownersEvents('readFailed').length).toBeLessThanOrEqual(3 * a.chunkCount);
  });
});

describe('a shared file', () => {
  test('that is changed is found before a wrong byte is sent, and what is lost of it is told', async () => {
    const { machine, owner, a, eventsOf: ownersEvents } = await setOut();
    writeFileSync(machine.path('a.bin'), Buffer.concat([bytes.subarray(0, 700_000), Buffer.alloc(800_000)]));
    utimesSync(machine.path('a.bin'), 1, 1);
    const events: SessionEvent[] = [];
    const receiver = await machine.newPeer({ clock: quickClock(20), onEvent: (event) => void events.push(event) });
    const transfer = receiver.get(a.ticket, { destination: machine.path('copy') });
    const right = Math.floor(700_000 / 102_400); // chunks that are as they were
    await vi.waitUntil(() => ownersEvents('readFailed').length >= a.chunkCount - right, { timeout: 60_000 });
    await vi.waitUntil(() => eventsOf(events, 'chunkHeld').length === right, { timeout: 60_000 });
    for (const event of ownersEvents('readFailed')) expect(event).toMatchObject({ code: 'contentChanged' });
    expect(eventsOf(events, 'chunkDamaged')).toEqual([]);
    expect(eventsOf(events, 'remoteStruck')).toEqual([]);
    expect(owner.peer).toBe(transfer.progress().remotes[0]!.peer);
    // Whoever comes now is not even told of what is gone.
    const late = await machine.newPeer();
    const second = late.get(a.ticket, { destination: machine.path('late') });
    await vi.waitUntil(() => second.progress().heldChunks === right, { timeout: 60_000 });
    expect(ownersEvents('readFailed')).toHaveLength(a.chunkCount - right);
  });
});

test('two peers do not write the same download: the second is told, and the first goes on', async () => {
  const { machine, a } = await setOut();
  const [first, second] = [await machine.newPeer(), await machine.newPeer()];
  const destination = machine.path('copy');
  const transfer = first.get(a.ticket, { destination, limits: { downBytesPerSecondMax: 3_000_000 } });
  for await (const { type } of transfer.events) if (type === 'storeReady') break;
  expect(await codeOf(second.get(a.ticket, { destination }).done)).toBe('storeBusy');
  await transfer.done;
  expect(readFileSync(destination).equals(bytes)).toBe(true);
});
