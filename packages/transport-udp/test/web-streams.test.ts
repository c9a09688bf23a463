import { text } from 'node:stream/consumers';
import { CompressionStream, DecompressionStream } from 'node:stream/web';
import { afterEach, describe, expect, test } from 'vitest';
import { seededRng } from '@shoal/machine';
import { type NodeStream, openEndpoint, type SocketOptions } from '../src/node/index.ts';
import { joined } from './pair.ts';

const opened: AsyncDisposable[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((endpoint) => endpoint[Symbol.asyncDispose]()));
});

/** Both ends of one stream; the first bytes, which tell the other end of it, are already there. */
async function streamPair(options: SocketOptions = {}): Promise<[near: NodeStream, far: NodeStream]> {
  const [client, server] = await Promise.all([0, 1].map(() => openEndpoint({ host: '127.0.0.1', ...options })));
  opened.push(client!, server!);
  const accepted = server!.connections().next();
  const connection = await client!.dial(server!.address);
  const near = await connection.openStream();
  await near.write(new TextEncoder().encode('first '));
  const far = (await (await accepted).value!.streams().next()).value!;
  return [near, far];
}

describe('a stream as Web streams', () => {
  test('carries pipes both ways', async () => {
    const [near, far] = await streamPair();
    const echoed = far.readable.pipeTo(far.writable);
    const source = new Blob(['and then the rest']).stream();
    expect(await text(source.pipeThrough(near))).toBe('first and then the rest');
    await echoed;
  });

  test('goes through transforms', async () => {
    const [near, far] = await streamPair();
    const bytes = seededRng('pipe').bytes(1_000_000);
    void far.writable.getWriter().close();
    const sent = new Blob([bytes.slice()]).stream().pipeThrough(new CompressionStream('gzip')).pipeTo(near.writable);
    const reader = far.readable.getReader({ mode: 'byob' });
    await reader.read(new Uint8Array(6), { min: 6 });
    reader.releaseLock();
    const parts: Uint8Array[] = [];
    for await (const part of far.readable.pipeThrough(new DecompressionStream('gzip'))) parts.push(part);
    await sent;
    expect(Buffer.compare(joined(parts), bytes)).toBe(0);
  });

  test('fills the memory that a reader brings, to the end', async () => {
    const [near, far] = await streamPair();
    const bytes = seededRng('byob').bytes(300_000);
    await near.write(bytes);
    const finished = near.finish();
    const reader = far.readable.getReader({ mode: 'byob' });
    const parts: Uint8Array[] = [];
    for (let memory = new Uint8Array(10_000); ;) {
      const { done, value } = await reader.read(memory);
      if (value !== undefined) parts.push(value.slice());
      if (done) break;
      memory = new Uint8Array(value.buffer);
    }
    await finished;
    expect(Buffer.compare(joined(parts).subarray(6), bytes)).toBe(0);
  });

  test('a writer waits for a reader that does not read, and goes on when it does', async () => {
    const [near, far] = await streamPair({ config: { streamWindowBytes: 131_072 } });
    const writer = near.writable.getWriter();
    let written = 0;
    const writing = (async () => {
      for (; written < 50; written += 1) {
        await writer.ready;
        await writer.write(new Uint8Array(262_144));
      }
      await writer.close();
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(written).toBeLessThan(8);
    let got = 0;
    for await (const part of far.readable) got += part.length;
    await writing;
    expect(got).toBe(6 + 50 * 262_144);
  });

  test('cancel and abort reach the other side with their code', async () => {
    const [near, far] = await streamPair();
    await far.readable.cancel(7);
    const writer = near.writable.getWriter();
    await expect(writer.closed).rejects.toMatchObject({ code: 'refused', cause: { reason: 7 } });
    await far.writable.abort(8);
    await expect(near.readable.getReader().read()).rejects.toMatchObject({ code: 'refused', cause: { reason: 8 } });
  });

  test('an abort ends a write that waits', async () => {
    const [near, far] = await streamPair({ config: { streamWindowBytes: 131_072 } });
    const writer = near.writable.getWriter();
    const writing = (async () => {
      for (;;) await writer.write(new Uint8Array(262_144));
    })();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await writer.abort(9);
    await expect(writing).rejects.toBeDefined();
    await expect(text(far.readable)).rejects.toMatchObject({ cause: { reason: 9 } });
  });

  test('a pipe passes the code of a failure on', async () => {
    const [first, second] = [await streamPair(), await streamPair()];
    const piped = first[1].readable.pipeTo(second[0].writable);
    first[0].reset(5);
    await expect(piped).rejects.toMatchObject({ cause: { reason: 5 } });
    await expect(text(second[1].readable)).rejects.toMatchObject({ cause: { reason: 5 } });
  });

  test('refuses what is not bytes', async () => {
    const [near] = await streamPair();
    await expect(near.writable.getWriter().write('text' as unknown as Uint8Array)).rejects.toThrow('Uint8Array');
  });
});
