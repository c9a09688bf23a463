import { beforeEach, describe, expect, test } from 'vitest';
import type { Happening } from '../src/happenings.ts';
import { LiveSource, type Stream } from '../src/live/live-source.ts';

class FakeStream extends EventTarget implements Stream {
  readyState = 1;

  close(): void {
    this.readyState = 2;
  }

  say(type: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
  }

  breakOff(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event('error'));
  }
}

const header = { shoalRecording: 1, title: 'a.bin', source: 'live' } as const;
const content: Happening = { atMs: 0, kind: 'content', name: 'a.bin', chunkCount: 2, bytes: 200 };
const came: Happening = { atMs: 1, kind: 'came', peer: 'a', role: 'receiver', label: 'a' };
const held: Happening = { atMs: 5, kind: 'held', peer: 'a', chunk: 1 };

let stream: FakeStream;
let source: LiveSource;
beforeEach(() => {
  stream = new FakeStream();
  source = new LiveSource(stream);
});

describe('a live source', () => {
  test('fills a reel with what it is told, until the end', () => {
    expect(source.state.value).toBe('connecting');
    stream.say('recording', header);
    stream.say('message', { untilMs: 3, happenings: [content, came] });
    expect(source.header.value).toEqual(header);
    expect(source.state.value).toBe('following');
    expect(source.reel.front.peers).toMatchObject([{ label: 'a', heldCount: 0 }]);
    expect(source.reel.endMs).toBe(3);
    stream.say('message', { untilMs: 9, happenings: [held] });
    stream.say('end', { isFull: false });
    expect(source.reel.front.peers).toMatchObject([{ heldCount: 1 }]);
    expect([source.reel.endMs, source.reel.isComplete, source.state.value, stream.readyState]).toEqual([
      9,
      true,
      'ended',
      2,
    ]);
  });

  test('goes on after an interruption', () => {
    stream.say('recording', header);
    stream.say('message', { untilMs: 3, happenings: [content, came] });
    stream.breakOff(0);
    expect([source.state.value, source.reel.isComplete]).toEqual(['interrupted', false]);
    stream.say('recording', header);
    stream.say('message', { untilMs: 6, happenings: [held] });
    expect(source.state.value).toBe('following');
    expect(source.reel.front.peers).toMatchObject([{ heldCount: 1 }]);
  });

  test.each([
    ['it is refused', (): void => stream.breakOff(2)],
    ['nobody answers for long', (): void => void Array.from({ length: 13 }, () => stream.breakOff(0))],
  ])('keeps what it has when %s', (_, end) => {
    stream.say('recording', header);
    stream.say('message', { untilMs: 3, happenings: [content, came] });
    end();
    expect([source.state.value, source.reel.isComplete, stream.readyState]).toEqual(['gone', true, 2]);
    expect(source.reel.happenings).toHaveLength(2);
  });

  test.each([
    ['another version', 'recording', { ...header, shoalRecording: 9 }],
    ['what is no happening', 'message', { untilMs: 3, happenings: [content, { kind: 'boo' }] }],
  ])('stops at %s', (_, type, data) => {
    stream.say('recording', header);
    stream.say(type, data);
    expect([source.state.value, stream.readyState]).toEqual(['refused', 2]);
  });
});
