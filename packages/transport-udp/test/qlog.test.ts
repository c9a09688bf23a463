import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { instant } from '@shoal/machine';
import { type NodeConnection, openEndpoint } from '../src/node/index.ts';
import { QlogFiles } from '../src/node/qlog-files.ts';

interface Frame {
  readonly frame_type: string;
  readonly stream_id?: number;
  readonly length?: number;
  readonly fin?: boolean;
  readonly acked_ranges?: [number, number][];
}

interface Record {
  readonly time: number;
  readonly name: string;
  readonly data: {
    readonly header?: { packet_type: string; packet_number: number };
    readonly raw?: { length: number };
    readonly frames?: Frame[];
    readonly new?: string;
    readonly smoothed_rtt?: number;
    readonly application_code?: number;
    readonly owner?: string;
  };
}

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'qlog-'));
});

afterEach(() => rm(directory, { recursive: true }));

/** RFC 7464: each record stands between a separator and a line feed. */
async function readSequence(name: string): Promise<[header: unknown, ...Record[]]> {
  const text = await readFile(join(directory, name), 'utf8');
  expect(text.startsWith('\x1e') && text.endsWith('\n')).toBe(true);
  return text
    .slice(1)
    .split('\x1e')
    .map((record) => JSON.parse(record) as unknown) as [unknown, ...Record[]];
}

/** One request and its answer between endpoints that write qlogs; both are closed, and the files whole, afterwards. */
async function exchange(code: number): Promise<NodeConnection> {
  await using server = await openEndpoint({ host: '127.0.0.1', qlog: directory });
  await using client = await openEndpoint({ host: '127.0.0.1', qlog: directory });
  const accepted = server.connections().next();
  const connection = await client.dial(server.address);
  const stream = await connection.openStream();
  await stream.write(new Uint8Array(100_000));
  const finished = stream.finish();
  const { value: far } = await (await accepted).value!.streams().next();
  for await (const part of far!) await far!.write(part);
  void far!.finish();
  for await (const part of stream) stream.recycle(part);
  await finished;
  await connection.close(code);
  await (
    await accepted
  ).value!.closed;
  return connection;
}

const sent = (records: Record[], frame: string): Frame[] =>
  records
    .filter(({ name }) => name === 'transport:packet_sent')
    .flatMap(({ data }) => data.frames!)
    .filter(({ frame_type }) => frame_type === frame);

describe('qlog', () => {
  test('files hold what happened at both ends, in the shape that qvis reads', async () => {
    const { id } = await exchange(5);
    expect((await readdir(directory)).sort()).toEqual([`${id}-client.sqlog`, `${id}-server.sqlog`]);
    for (const side of ['client', 'server']) {
      const [header, ...records] = await readSequence(`${id}-${side}.sqlog`);
      expect(header).toMatchObject({
        qlog_version: '0.3',
        qlog_format: 'JSON-SEQ',
        trace: { vantage_point: { type: side }, common_fields: { ODCID: id, time_format: 'relative' } },
      });
      const times = records.map(({ time }) => time);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times[0]).toBe(0);
      const states = records.filter(({ name }) => name === 'connectivity:connection_state_updated');
      expect(states.map(({ data }) => data.new)).toEqual(['attempted', 'handshake_complete', 'closed']);
      const closed = records.find(({ name }) => name === 'connectivity:connection_closed');
      expect(closed?.data).toMatchObject({ owner: side === 'client' ? 'local' : 'remote', application_code: 5 });
      const pieces = sent(records, 'stream');
      expect(new Set(pieces.map(({ stream_id }) => stream_id))).toEqual(new Set([0]));
      expect(pieces.reduce((sum, { length }) => sum + length!, 0)).toBeGreaterThanOrEqual(100_000);
      expect(pieces.some(({ fin }) => fin)).toBe(true);
      expect(sent(records, 'ack').every(({ acked_ranges: ranges }) => ranges![0]![0] <= ranges![0]![1])).toBe(true);
      expect(records.some(({ name, data }) => name === 'recovery:metrics_updated' && data.smoothed_rtt! > 0)).toBe(
        true,
      );
      expect(records.filter(({ data }) => data.header !== undefined).every(({ data }) => data.raw!.length > 0)).toBe(
        true,
      );
    }
  });

  test('leaves files alone that are there already, and says so', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await writeFile(join(directory, 'taken-client.sqlog'), 'mine');
    const files = await QlogFiles.open(directory);
    const origin = { connection: 'a', at: instant(0) };
    files.note({ type: 'connectionStarted', ...origin, dialler: true, group: 'taken', remote: { host: '', port: 0 } });
    files.note({ type: 'connectionForgotten', ...origin });
    await files.close();
    expect(await readFile(join(directory, 'taken-client.sqlog'), 'utf8')).toBe('mine');
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  test('is not written for strangers that never got through', async () => {
    const files = await QlogFiles.open(directory);
    const origin = { connection: 'a', at: instant(0) };
    files.note({ type: 'connectionStarted', ...origin, dialler: false, group: 'b', remote: { host: '', port: 0 } });
    files.note({ type: 'connectionForgotten', ...origin });
    await files.close();
    expect(await readdir(directory)).toEqual([]);
  });

  test('wants a directory', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    await expect(openEndpoint({ qlog: file })).rejects.toMatchObject({ code: 'diskFailed' });
  });
});

describe('a listener on a socket', () => {
  test('is told when the machine is done, so that it may call back', async () => {
    const dials: Promise<unknown>[] = [];
    await using server = await openEndpoint({ host: '127.0.0.1' });
    const dial = async (): Promise<unknown> => (await client.dial(server.address)).close();
    await using client = await openEndpoint({
      host: '127.0.0.1',
      onEvent: ({ type }) => {
        if (type === 'connectionClosed' && dials.length < 3) dials.push(dial());
      },
    });
    dials.push(dial());
    await expect.poll(() => dials.length).toBe(3);
    await Promise.all(dials);
  });
});
