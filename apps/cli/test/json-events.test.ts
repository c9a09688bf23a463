// docs/json-events.md is the schema of --json: every event of every command has the fields it says, of the types it says,
// and no others, and what it lists is printed; the last one is the result. classic-events.test.ts does it for the classics.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../src/catalogue.ts';
import { complaints, eventsIn, record, schema, unseen, wrongIn } from './event-schema.ts';
import { play, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();

/** What takes misfortune, strangers or more time than this; tests of these things listen for it. */
const otherwise = [
  ...['struck', 'paused', 'unpaused', 'closed'].map((event) => `get ${event}`),
  'where claims',
  'verify trouble',
  ...['guessed', 'codeEnded'].map((event) => `send ${event}`),
  ...['codeRefused', 'answering'].map((event) => `receive ${event}`),
];

describe('--json', () => {
  test('has a section for each command', () => {
    const speaking = catalogue.filter(({ name }) => !['completion', 'complete'].includes(name));
    const without = speaking.map(({ name }) => name).filter((name) => (schema.get(name)?.size ?? 0) === 0);
    expect(without).toEqual([]);
  });

  test('prints what the page says', async () => {
    const path = join(folder, 'content');
    writeFileSync(path, seededRng('content').bytes(600_000));
    const tracker = play('tracker', '--listen', '127.0.0.1:0');
    const heard = new Map([['tracker', record(tracker)]]);
    const address = String((await tracker.next('listening'))['address']);
    const owner = play('share', path, '--tracker', address, '--listen', '127.0.0.1:0');
    heard.set('share', record(owner));
    const ticket = String((await owner.next('sharing'))['ticket']);
    const chunks = join(folder, 'chunks');
    const runs: readonly string[][] = [
      ['get', ticket, '-o', join(folder, 'copy')],
      ['ls', '--tracker', address],
      ['where', 'content', '--tracker', address],
      ['why'],
      ['split', path, '-o', chunks, '--chunk-size', '100KB'],
      ['join', chunks, '-o', join(folder, 'joined')],
      ['create', path, '-o', join(folder, 'manifest'), '--tracker', address],
      ['info', join(folder, 'manifest')],
      ['verify', join(folder, 'joined'), join(folder, 'manifest')],
      ['sim', 'one'],
      ['doctor', '--tracker', address],
    ];
    for (const args of runs) {
      const { status, stdout } = await shoal([...args, '--json']);
      expect([args[0], status]).toEqual([args[0], 0]);
      heard.set(args[0]!, eventsIn(stdout));
    }
    const sent = join(folder, 'sent');
    writeFileSync(sent, seededRng('sent').bytes(300_000));
    const sender = play('send', sent, '--tracker', address, '--listen', '127.0.0.1:0', '--receivers', '1');
    heard.set('send', record(sender));
    const code = String((await sender.next('sending'))['code']);
    const received = await shoal(['receive', code, '--tracker', address, '-o', join(folder, 'received'), '--json']);
    heard.set('receive', eventsIn(received.stdout));
    expect([received.status, await sender.ended()]).toEqual([0, 0]);
    heard.get('info')!.unshift(...eventsIn((await shoal(['info', ticket, '--json'])).stdout));
    heard.get('sim')!.unshift(...eventsIn((await shoal(['sim', '--json'])).stdout));
    for (const args of [
      ['share', path, '--dry-run'],
      ['get', ticket, '--dry-run'],
    ])
      heard.get(args[0]!)!.unshift(...eventsIn((await shoal([...args, '--json'])).stdout));
    rmSync(join(chunks, 'chunk-1'));
    const broken = await shoal(['join', chunks, '-o', join(folder, 'never'), '--json']);
    heard.get('join')!.unshift(...eventsIn(broken.stdout));
    await owner.stop();
    await tracker.stop();

    expect(wrongIn(heard)).toEqual([]);
    expect(unseen(heard)).toEqual(otherwise);
    const last = Array.from(heard, ([command, events]) => `${command} ${events.at(-1)?.event}`);
    expect(last.filter((result) => !/ (done|closed)$/.test(result))).toEqual([]);
  });

  test('ends with the error and its exit status, whoever finds it', async () => {
    for (const args of [
      ['get', 'magnet:?x'],
      ['get'],
      ['gte', 'x'],
      ['get', 'x', '--limit-donw', '1'],
      ['split', 'none'],
    ]) {
      const { status, stdout } = await shoal([...args, '--json']);
      const last = eventsIn(stdout).at(-1)!;
      expect(last).toMatchObject({ event: 'error', status });
      expect(complaints('get', last)).toEqual([]);
    }
  });
});
