// docker-compose.yml at the root: that it means what it looks like, and that `shoal tracker` takes what it is given there.

import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readSettings, type TrackerOptions } from '../src/operating/settings.ts';
import { makeProgram } from '../src/program.ts';

interface Service {
  readonly command: string;
  readonly depends_on?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

const text = readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8');
const { services } = parse(text, { merge: true }) as { readonly services: Readonly<Record<string, Service>> };
const trackers = Object.values(services).filter(({ command }) => command.startsWith('npx'));

/** What the command makes of the words behind `shoal tracker`. */
async function settingsOf(command: string) {
  const words = command.split(' ');
  let given: TrackerOptions | undefined;
  const program = makeProgram(async (_entry, _args, command) => {
    given = command.opts();
  });
  await program.parseAsync(words.slice(words.lastIndexOf('shoal') + 1), { from: 'user' });
  return readSettings(given!);
}

test('starts two trackers on one table, each reached by a port of its own', async () => {
  expect(trackers).toHaveLength(2);
  const reached: string[] = [];
  for (const { command, depends_on: needs, ports, healthcheck } of trackers) {
    const { listen, store, http } = await settingsOf(command);
    const table = new URL(store);
    expect([table.protocol, table.port]).toEqual(['redis:', '6379']);
    expect(needs).toEqual([table.hostname]);
    expect(Object.keys(services)).toContain(table.hostname);
    expect([listen.host, http!.host]).toEqual(['0.0.0.0', '0.0.0.0']); // of the container
    expect(ports!.map((port) => port.split(':').at(-1))).toEqual([`${listen.port}/udp`, `${http!.port}`]);
    reached.push(...ports!.map((port) => port.slice(0, port.lastIndexOf(':'))));
    const [kind, program, flag, code] = healthcheck!.test;
    expect([kind, program, flag]).toEqual(['CMD', 'node', '-e']);
    expect(new Script(code!)).toBeInstanceOf(Script); // it is JavaScript
    expect(code).toContain(`127.0.0.1:${http!.port}/readyz`);
  }
  expect(new Set(reached).size).toBe(4);
});
