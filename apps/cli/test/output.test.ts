import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openOutput, type OutputOptions } from '../src/output.ts';

// What obeys NO_COLOR: of a terminal of our own, since the one the tests run on, or CI in its place, may know no colours.
const getColorDepth = (): number =>
  WriteStream.prototype.getColorDepth({ TERM: 'xterm-256color', NO_COLOR: process.env['NO_COLOR'] });

beforeEach(() => void vi.stubEnv('FORCE_COLOR', undefined).stubEnv('NO_COLOR', undefined));
afterEach(() => void vi.unstubAllEnvs());

async function capture(json: boolean, isTTY: boolean, wishes: OutputOptions = {}) {
  const streams = { stdout: new PassThrough(), stderr: Object.assign(new PassThrough(), { isTTY, getColorDepth }) };
  const output = await openOutput(streams.stdout, streams.stderr, { json, ...wishes });
  const text = (name: 'stdout' | 'stderr'): string => {
    let heard = '';
    for (let part = streams[name].read(); part !== null; part = streams[name].read()) heard += String(part);
    return heard;
  };
  return { output, text };
}

async function complaint(isTTY: boolean): Promise<string> {
  const { output, text } = await capture(false, isTTY);
  output.complain('shoal: trouble');
  return text('stderr');
}

describe('output', () => {
  test('data goes to stdout, words to stderr, both escaped', async () => {
    const { output, text } = await capture(false, false);
    output.data('shoal:abc');
    output.say('from \u001b[31mevil');
    output.event({ event: 'ticket' });
    expect(text('stdout')).toBe('shoal:abc\n');
    expect(text('stderr')).toBe('from \\u{1b}[31mevil\n');
  });

  test('with --json stdout holds one versioned event a line and nothing else', async () => {
    const { output, text } = await capture(true, true);
    output.data('shoal:abc');
    output.live('50 %');
    output.event({ event: 'ticket', ticket: 'shoal:abc' });
    expect(text('stdout')).toBe('{"v":1,"event":"ticket","ticket":"shoal:abc"}\n');
    expect(text('stderr')).toBe('');
  });

  test('with --json progress is told when there is some', async () => {
    const { output, text } = await capture(true, true);
    for (const peers of [1, 1, 2]) output.event({ event: 'progress', peers });
    output.event({ event: 'closed' });
    output.event({ event: 'closed' });
    expect(text('stdout').trim().split('\n')).toEqual([
      '{"v":1,"event":"progress","peers":1}',
      '{"v":1,"event":"progress","peers":2}',
      '{"v":1,"event":"closed"}',
      '{"v":1,"event":"closed"}',
    ]);
  });

  test('live text replaces itself on a terminal and is silent on a pipe', async () => {
    const pipe = await capture(false, false);
    pipe.output.live('50 %');
    expect(pipe.text('stderr')).toBe('');
    const terminal = await capture(false, true);
    terminal.output.live('50 \u0007 %');
    terminal.output.say('done');
    const shown = terminal.text('stderr');
    expect(shown).toContain('50 \\u{7} %');
    expect(shown.endsWith('done\n')).toBe(true);
  });

  test('colours only on a terminal, and not with NO_COLOR', async () => {
    vi.stubEnv('NO_COLOR', '1');
    expect(await complaint(true)).toBe('shoal: trouble\n');
    vi.stubEnv('NO_COLOR', undefined);
    expect(await complaint(true)).toContain('\u001b[31m');
    expect(await complaint(false)).toBe('shoal: trouble\n');
  });

  test('--quiet leaves data and what went wrong; --verbose adds; --progress speaks on a pipe', async () => {
    const quiet = await capture(false, true, { quiet: true });
    quiet.output.data('shoal:abc');
    quiet.output.say('hello');
    quiet.output.live('50 %');
    quiet.output.complain('shoal: trouble');
    expect(quiet.text('stdout')).toBe('shoal:abc\n');
    expect(stripVTControlCharacters(quiet.text('stderr'))).toBe('shoal: trouble\n');
    const plain = await capture(false, false);
    plain.output.detail('a peer came');
    expect(plain.text('stderr')).toBe('');
    const asked = await capture(false, false, { verbose: true, progress: true });
    asked.output.detail('a peer came');
    asked.output.live('50 %');
    asked.output.live('51 %');
    expect(asked.text('stderr')).toBe('a peer came\n50 %\n');
  });
});
