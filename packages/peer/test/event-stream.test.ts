import { describe, expect, test } from 'vitest';
import { EventStream } from '../src/node/event-stream.ts';

async function readAll(stream: EventStream<number>): Promise<number[]> {
  const events: number[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe('an event stream', () => {
  test('gives every reader what happens from its beginning on', async () => {
    const stream = new EventStream<number>();
    const first = readAll(stream);
    stream.push(1);
    const second = readAll(stream);
    stream.push(2);
    stream.end();
    expect(await first).toEqual([1, 2]);
    expect(await second).toEqual([2]);
    expect(await readAll(stream)).toEqual([]);
  });

  test('a reader that is behind loses the oldest, and no more than that', async () => {
    const stream = new EventStream<number>();
    const events = readAll(stream);
    for (let number = 0; number < 5_000; number += 1) stream.push(number);
    stream.end();
    expect(await events).toEqual(Array.from({ length: 4_096 }, (_, i) => i + 904));
  });
});
