import { describe, expect, test } from 'vitest';
import { Agenda } from '../src/testing/agenda.ts';
import { instant, NEVER } from '../src/time.ts';

function setup() {
  const agenda = new Agenda();
  const happened: string[] = [];
  const add = (name: string, node: number, at: number): void =>
    agenda.add(node, instant(at), (when) => happened.push(`${name} ${when}`));
  return { agenda, happened, add };
}

describe('agenda', () => {
  test('keeps what befalls a node in the order of time, and of coming within a moment', () => {
    const { agenda, happened, add } = setup();
    add('c', 1, 7);
    add('a', 1, 3);
    add('b', 1, 3);
    add('other', 4, 1);
    expect([agenda.next(), agenda.nextOf(1), agenda.nextOf(4), agenda.nextOf(9)]).toEqual([1, 3, 1, NEVER]);
    for (let i = 0; i < 4; i += 1) agenda.happen(1);
    expect(happened).toEqual(['a 3', 'b 3', 'c 7']);
    expect([agenda.nextOf(1), agenda.next()]).toEqual([NEVER, 1]);
  });

  test('lets everything happen up to a moment, whoever it befalls, and what comes of it meanwhile', () => {
    const { agenda, happened, add } = setup();
    add('late', 0, 11);
    add('second', 0, 5);
    agenda.add(2, instant(2), () => add('first', 1, 4));
    add('never', 1, NEVER);
    agenda.happenUntil(instant(10));
    expect(happened).toEqual(['first 4', 'second 5']);
    expect(agenda.next()).toBe(11);
  });
});
