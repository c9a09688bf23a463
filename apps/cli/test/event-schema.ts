// docs/json-events.md as a test reads it: what is wrong with an event, and which of those it lists nobody has seen.

import { readFileSync } from 'node:fs';
import type { ChildEvent, Player } from '../src/demo/cast.ts';

const page = readFileSync(new URL('../../../docs/json-events.md', import.meta.url), 'utf8');
const everyCommand = 'every command';

interface Field {
  readonly type: string;
  readonly isOptional: boolean;
}

/** By command and event, what the page says of each field. */
export const schema = new Map(
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
export function complaints(command: string, { event, v, ...fields }: Record<string, unknown>): string[] {
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

export const eventsIn = (stdout: string): ChildEvent[] =>
  stdout.trim().split('\n').map((line) => JSON.parse(line) as ChildEvent); // prettier-ignore

/** Everything it prints from now on. */
export function record(player: Player): ChildEvent[] {
  const events: ChildEvent[] = [];
  player.listen((event) => event !== undefined && events.push(event));
  return events;
}

/** What the page says of these commands and none of them has printed. */
export const unseen = (heard: ReadonlyMap<string, readonly ChildEvent[]>): string[] =>
  Array.from(heard, ([command, events]) => {
    const seen = new Set(events.map(({ event }) => event));
    return Array.from(schema.get(command)!.keys())
      .filter((event) => !seen.has(event))
      .map((event) => `${command} ${event}`);
  }).flat();

/** What is wrong with what they printed. */
export const wrongIn = (heard: ReadonlyMap<string, readonly ChildEvent[]>): string[] => [
  ...new Set(Array.from(heard, ([command, events]) => events.flatMap((event) => complaints(command, event))).flat()),
];
