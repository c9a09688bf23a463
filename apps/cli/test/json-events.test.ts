// docs/json-events.md is the schema of --json: every event of every command has the fields it says, of the types it says,
// and no others; the last one is the result.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../src/catalogue.ts';
import type { ChildEvent, Player } from '../src/demo/cast.ts';
import { play, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const page = readFileSync(new URL('../../../docs/json-events.md', import.meta.url), 'utf8');
const everyCommand = 'every command';

interface Field {
  readonly type: string;
  readonly isOptional: boolean;
}

/** By command and event, what the page says of each field. */
const schema = new Map(
  page.split(/^## /m).slice(1).map((section) => [section.split('\n')[0]!, eventsOf(section)]), // prettier-ignore
);

function eventsOf(section: string): Map<string, Map<string, Field>> {
  const lines = section.matchAll(/^- `(\w+)`: (.*?)\. [A-Z]/gm);
  return new Map(Array.from(lines, ([, event, fields]) => [event!, fieldsOf(fields!)]));
}

function fieldsOf(text: string): Map<string, Field> {
  return new Map(
    Array.from(text.matchAll(/`(\w+)` (text|number|list|object|switch)(\?)?/g), ([, name, type, optional]) => [
      name!,
      { type: type!, isOptional: optional === '?' },
    ]),
  );
}

const typeOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'list';
  return { string: 'text', boolean: 'switch' }[typeof value as string] ?? typeof value;
};

/** What is wrong with an event, by the page. */
function complaints(command: string, { event, v, ...fields }: Record<string, unknown>): string[] {
  const sections = [command, ...(command === 'receive' ? ['get'] : []), everyCommand];
  const known = sections.map((name) => schema.get(name)?.get(String(event))).find((fields) => fields !== undefined);
  if (known === undefined) return [`${command} has no event ${String(event)}`];
  const wrong = Object.entries(fields).filter(([name, value]) => known.get(name)?.type !== typeOf(value));
  const missing = Array.from(known).filter(([name, { isOptional }]) => !isOptional && !(name in fields));
  return [
    ...(v === 1 ? [] : [`version ${String(v)}`]),
    ...wrong.map(([name, value]) => `${command} ${String(event)}: ${name} is ${JSON.stringify(value)}`),
    ...missing.map(([name]) => `${command} ${String(event)}: ${name} is missing`),
  ];
}

const eventsIn = (stdout: string): ChildEvent[] =>
  stdout.trim().split('\n').map((line) => JSON.parse(line) as ChildEvent); // prettier-ignore

/** Everything it prints from now on. */
function record(player: Player): ChildEvent[] {
  const events: ChildEvent[] = [];
  player.listen((event) => event !== undefined && events.push(event));
  return events;
}

describe('--json', () => {
  test('has a section for each command', () => {
    const speaking = catalogue.filter(({ name }) => !['completion', 'complete'].includes(name));
    const without = speaking.map(({ name }) => name).filter((name) => (schema.get(name)?.size ?? 0) === 0);
    expect(without).toEqual([]);
  });

  test('prints what the page says', { timeout: 120_000 }, async () => {
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
    const sender = play('send', path, '--tracker', address, '--listen', '127.0.0.1:0', '--receivers', '1');
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

    const wrong = Array.from(heard).flatMap(([command, events]) =>
      events.flatMap((event) => complaints(command, event)),
    );
    expect([...new Set(wrong)]).toEqual([]);
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
