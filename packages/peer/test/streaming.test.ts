import { readFile } from 'node:fs/promises';
import { seededRng, UsageError } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import type { Transfer } from '../src/node/index.ts';
import { codeOf, TestMachine } from './support/machine.ts';

const rng = seededRng('streaming');
const files = {
  'set/a.bin': rng.bytes(2_500_000),
  'set/film.bin': rng.bytes(3_000_000),
  'set/z.bin': rng.bytes(1_000),
};
const film = files['set/film.bin'];
const slow = { limits: { downBytesPerSecondMax: 4_000_000 } };

async function fetching(machine: TestMachine, options: object = slow): Promise<Transfer> {
  await machine.write(files);
  const { ticket } = await (await machine.newPeer()).share({ path: machine.path('set') });
  return (await machine.newPeer()).get(ticket, { destination: machine.path('copy'), ...options });
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('a stream', () => {
  test('gives a file in order while it arrives, before the rest of the set', async () => {
    await using machine = await TestMachine.start();
    const transfer = await fetching(machine);
    const order: number[] = [];
    const noting = (async () => {
      for await (const event of transfer.events) if (event.type === 'chunkHeld') order.push(event.chunk);
    })();
    const content = await readAll(transfer.file('film.bin').stream());
    expect(content.equals(film)).toBe(true);
    expect(transfer.progress().missingBytes).toBeGreaterThan(0);
    await transfer.done;
    await noting;
    const early = order.slice(0, 10).filter((chunk) => chunk >= 24 && chunk < 54);
    expect(early.length).toBeGreaterThan(7);
  });

  test('gives a range, and nothing of an empty one', async () => {
    await using machine = await TestMachine.start();
    const transfer = await fetching(machine);
    const read = (start?: number, end?: number): Promise<Buffer> =>
      readAll(
        transfer.file('film.bin').stream({ ...(start !== undefined && { start }), ...(end !== undefined && { end }) }),
      );
    expect((await read(1_000_001, 1_300_007)).equals(film.subarray(1_000_001, 1_300_007))).toBe(true);
    expect((await read(2_999_990, 9_999_999)).equals(film.subarray(2_999_990))).toBe(true);
    expect(await read(3_000_000)).toHaveLength(0);
    expect(await read(5, 5)).toHaveLength(0);
    await expect(read(3_000_001)).rejects.toBeInstanceOf(UsageError);
    for (const start of [-1, 0.5, Number.NaN]) expect(() => transfer.file('a').stream({ start })).toThrow(UsageError);
    expect(() => transfer.file('a').stream({ start: 5, end: 4 })).toThrow(UsageError);
  });

  test('a reader that is slower than the transfer goes on from the finished files', async () => {
    await using machine = await TestMachine.start();
    const transfer = await fetching(machine, {});
    const reader = transfer.file('film.bin').stream().getReader();
    const first = await reader.read();
    await transfer.done;
    const pieces = [first.value!];
    for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
    expect(Buffer.concat(pieces).equals(film)).toBe(true);
    expect((await readAll(transfer.file('z.bin').stream())).equals(files['set/z.bin'])).toBe(true);
  });

  test('a file that is read is wanted, whatever was selected', async () => {
    await using machine = await TestMachine.start();
    const transfer = await fetching(machine, { select: 'a.bin', ...slow });
    const content = await readAll(transfer.file('z.bin').stream());
    expect(content.equals(files['set/z.bin'])).toBe(true);
    const { destination } = await transfer.done;
    expect((await readFile(`${destination}/z.bin`)).length).toBe(1_000);
    expect(await codeOf(readAll(transfer.file('film.bin').stream()))).toBe('refused');
  });

  test('reads nothing before it is asked, and several read at once', async () => {
    await using machine = await TestMachine.start();
    const transfer = await fetching(machine);
    const unread = transfer.file('a.bin').stream();
    const both = await Promise.all([
      readAll(transfer.file('film.bin').stream({ start: 2_000_000 })),
      readAll(transfer.file('a.bin').stream({ end: 300_000 })),
    ]);
    expect(both[0].equals(film.subarray(2_000_000))).toBe(true);
    expect(both[1].equals(files['set/a.bin'].subarray(0, 300_000))).toBe(true);
    await unread.cancel();
    await transfer.done;
  });

  test('can be aborted and cancelled, and then hastens nothing', async () => {
    await using machine = await TestMachine.start();
    const transfer = await fetching(machine);
    const abort = new AbortController();
    const reader = transfer.file('film.bin').stream({ signal: abort.signal }).getReader();
    await reader.read();
    const next = reader.read();
    abort.abort(new Error('enough'));
    await expect(next.then(() => reader.read())).rejects.toThrow('enough');
    const other = transfer.file('film.bin').stream({ start: 2_900_000 }).getReader();
    const waiting = other.read();
    await other.cancel();
    expect((await waiting).done).toBe(true);
    await transfer.done;
  });

  test('fails with what ended the transfer, and where the set has no such file', async () => {
    await using machine = await TestMachine.start();
    const transfer = await fetching(machine);
    expect(await codeOf(readAll(transfer.file('no.bin').stream()))).toBe('notFound');
    expect(await codeOf(readAll(transfer.file().stream()))).toBe('notFound');
    const reading = codeOf(readAll(transfer.file('film.bin').stream()));
    await transfer.close();
    expect(await reading).toBe('aborted');
  });

  test('gives the only file of a set of one', async () => {
    await using machine = await TestMachine.start();
    await machine.write(files);
    const { ticket } = await (await machine.newPeer()).share({ path: machine.path('set/film.bin') });
    const transfer = (await machine.newPeer()).get(ticket, { destination: machine.path('copy') });
    expect((await readAll(transfer.file().stream())).equals(film)).toBe(true);
    await transfer.done;
  });
});
