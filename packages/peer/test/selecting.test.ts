import { readdir, readFile } from 'node:fs/promises';
import { seededRng, ShoalError, UsageError } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { codeOf, TestMachine } from './support/machine.ts';

const rng = seededRng('selecting');
const files = {
  'set/a.bin': rng.bytes(900_000),
  'set/b/c.bin': rng.bytes(700_000),
  'set/b/d.txt': rng.bytes(30_000),
  'set/e.bin': rng.bytes(2_000_000),
};
/** Slow enough that a test can say something meanwhile. */
const slow = { limits: { downBytesPerSecondMax: 3_000_000 } };

async function shared(machine: TestMachine): Promise<string> {
  await machine.write(files);
  return (await (await machine.newPeer()).share({ path: machine.path('set') })).ticket;
}

const listing = async (path: string): Promise<string[]> =>
  (await readdir(path, { recursive: true })).map((name) => name.replaceAll('\\', '/')).sort();

const isSame = async (machine: TestMachine, copy: string, path: keyof typeof files): Promise<boolean> =>
  files[path].length > 0 && (await readFile(machine.path(path.replace('set', copy)))).equals(files[path]);

describe('a selection', () => {
  test('only the files selected are fetched and made; the rest can be had later', async () => {
    await using machine = await TestMachine.start();
    const ticket = await shared(machine);
    const receiver = await machine.newPeer();
    const destination = machine.path('copy');
    const report = await receiver.get(ticket, { destination, select: 'b' }).done;
    expect(await listing(destination)).toEqual(['b', 'b/c.bin', 'b/d.txt']);
    expect(await isSame(machine, 'copy', 'set/b/c.bin')).toBe(true);
    expect(report.receivedBytes).toBe(report.wantedBytes);
    expect(report.wantedBytes).toBeLessThan(730_000 + 2 * 102_400);
    expect(report.missingBytes).toBe(0);

    const rest = await receiver.get(ticket, { destination, update: true }).done;
    expect(await listing(destination)).toEqual(['a.bin', 'b', 'b/c.bin', 'b/d.txt', 'e.bin']);
    expect(await isSame(machine, 'copy', 'set/e.bin')).toBe(true);
    expect(rest.resumedBytes).toBeGreaterThan(500_000);
  });

  test('whoever has some files serves them on', async () => {
    await using machine = await TestMachine.start();
    const ticket = await shared(machine);
    const [first, second] = [await machine.newPeer(), await machine.newPeer()];
    const seeding = first.get(ticket, { destination: machine.path('one'), select: 'e.bin', seed: true });
    await seeding.done;
    const report = await second.get(
      { ...seeding.ticket, peers: [first.address] },
      { destination: machine.path('two'), select: ['e.bin', 'd.txt'] },
    ).done;
    expect(await listing(machine.path('two'))).toEqual(['b', 'b/d.txt', 'e.bin']);
    expect(report.remotes.some(({ peer, receivedBytes }) => peer === first.peer && receivedBytes > 0)).toBe(true);
  });

  test('a selection may change until it is there', async () => {
    await using machine = await TestMachine.start();
    const ticket = await shared(machine);
    const transfer = (await machine.newPeer()).get(ticket, {
      destination: machine.path('copy'),
      select: (path) => path === 'e.bin',
      seed: true,
      ...slow,
    });
    for await (const event of transfer.events) if (event.type === 'chunkHeld') break;
    expect(() => transfer.select('x.bin')).toThrow(UsageError);
    transfer.select(['a.bin', 'b/d.txt']);
    transfer.prioritise('d.txt', 'now');
    await transfer.done;
    expect(await listing(machine.path('copy'))).toEqual(['a.bin', 'b', 'b/d.txt']);
    expect(() => transfer.select('e.bin')).toThrow(ShoalError);
  });

  test('a selection of nothing fails, and says so', async () => {
    await using machine = await TestMachine.start();
    const ticket = await shared(machine);
    const transfer = (await machine.newPeer()).get(ticket, { destination: machine.path('copy'), select: '*.mp3' });
    expect(await codeOf(transfer.done)).toBe('notFound');
    expect(await readdir(machine.folder)).toEqual(['set']);
  });

  test('what was interrupted goes on with another selection', async () => {
    await using machine = await TestMachine.start();
    const ticket = await shared(machine);
    const receiver = await machine.newPeer();
    const destination = machine.path('copy');
    const transfer = receiver.get(ticket, { destination, select: 'e.bin', ...slow });
    for await (const event of transfer.events) if (event.type === 'chunkHeld') break;
    await transfer.close();
    const report = await receiver.get(ticket, { destination, select: '*.bin' }).done;
    expect(await listing(destination)).toEqual(['a.bin', 'b', 'b/c.bin', 'e.bin']);
    expect(report.resumedBytes).toBeGreaterThan(0);
  });

  test('an unknown policy is the fault of the caller', async () => {
    await using machine = await TestMachine.start();
    const ticket = await shared(machine);
    const receiver = await machine.newPeer();
    expect(() => receiver.get(ticket, { policy: 'fastest' as 'random' })).toThrow(UsageError);
  });
});
