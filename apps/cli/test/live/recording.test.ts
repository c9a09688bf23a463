import { type Happening, parseRecording, recordingVersion } from '@shoal/visualizer';
import { describe, expect, test } from 'vitest';
import { Recording, type RecordingOptions } from '../../src/live/recording.ts';

const header = { shoalRecording: recordingVersion, title: 'a.bin', source: 'live' } as const;
const [first, second] = [`aaaaaaaa${'0'.repeat(56)}`, `aaaaaaaa${'1'.repeat(56)}`];

const record = (options: Partial<RecordingOptions> = {}): Recording =>
  new Recording({ header, startMs: 1_000, ...options });

const read = (recording: Recording, after = 0): Happening[] =>
  recording.read(after, Infinity).texts.map((text) => JSON.parse(text) as Happening);

const content = (atMs: number): Happening => ({
  atMs,
  kind: 'content',
  name: 'a.bin',
  chunkCount: 10_000,
  bytes: 10_000,
});
const held = (atMs: number, chunk: number): Happening => ({ atMs, kind: 'held', peer: first, chunk });
const asked = (atMs: number, chunk: number): Happening => ({ atMs, kind: 'asked', peer: first, from: second, chunk });

describe('a recording', () => {
  test('counts from its start and calls peers by short names, each its own', () => {
    const recording = record();
    recording.add([asked(1_001.26, 1)]);
    recording.tick(1_010);
    expect(read(recording)).toEqual([{ atMs: 1.3, kind: 'asked', peer: 'aaaaaaaa', from: second, chunk: 1 }]);
    expect(recording.untilMs).toBe(10);
  });

  test('puts in order what several processes tell late', () => {
    const recording = record({ lagMs: 100, nameOf: (peer) => (peer === first ? 'receiver 1' : undefined) });
    recording.add([held(1_050, 5), held(1_150, 7)]);
    recording.add([content(1_010), held(1_040, 4)]);
    recording.tick(1_160);
    expect(read(recording)).toMatchObject([
      { atMs: 10, kind: 'content' },
      { atMs: 40, chunk: 4, peer: 'receiver 1' },
      { atMs: 50, chunk: 5 },
    ]);
    recording.add([held(1_020, 2)]); // far too late: counts as of the moment that all know
    recording.end(1_200);
    expect(read(recording, 3)).toMatchObject([
      { atMs: 60, chunk: 2 },
      { atMs: 150, chunk: 7 },
    ]);
  });

  test('begins with the first that happened, unless told otherwise', () => {
    const recording = new Recording({ header });
    recording.tick(5_000);
    expect(recording.untilMs).toBe(0);
    recording.add([content(6_000), held(6_001, 1)]);
    recording.tick(6_100);
    expect(read(recording)).toMatchObject([{ atMs: 0 }, { atMs: 1 }]);
    expect(recording.untilMs).toBe(100);
  });

  test('is read in slices, from where one stopped', () => {
    const recording = record();
    recording.add([held(1_001, 1), held(1_002, 2), held(1_003, 3)]);
    recording.tick(1_010);
    const { texts, last } = recording.read(0, 1);
    expect(texts).toHaveLength(1);
    expect(read(recording, last)).toMatchObject([{ chunk: 2 }, { chunk: 3 }]);
    expect(recording.read(3, 100)).toEqual({ texts: [], last: 3 });
  });

  test('forgets what passed by when there is no room, then says that it is full, and never what is held', () => {
    const recording = record({ bytesMax: 20_000 });
    for (let chunk = 0; chunk < 200; chunk += 1)
      recording.add([asked(1_000 + chunk, chunk), held(1_000 + chunk, chunk)]);
    recording.tick(2_000);
    expect(recording.isFull).toBe(false);
    const kept = read(recording);
    expect(kept.filter(({ kind }) => kind === 'held')).toHaveLength(200);
    expect(kept.filter(({ kind }) => kind === 'asked').length).toBeLessThan(150);
    for (let chunk = 200; chunk < 2_000; chunk += 1) recording.add([held(2_000 + chunk, chunk)]);
    recording.end(9_000);
    expect(recording.isFull).toBe(true);
    expect(read(recording).reduce((sum, happening) => sum + JSON.stringify(happening).length, 0)).toBeLessThan(20_200);
  });

  test('is saved as it will be opened', () => {
    const saved: string[] = [];
    const recording = record({ save: (text) => saved.push(text), bytesMax: 100 });
    recording.add([content(1_000), held(1_001, 1), held(1_002, 2), held(1_003, 3)]);
    recording.end(1_004);
    const opened = parseRecording(saved.join('\n'));
    expect(opened).toMatchObject({ ok: true, value: { header } });
    expect(opened.ok && opened.value.happenings).toHaveLength(4);
  });
});
