import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openOutput } from '../src/output.ts';

async function capture(json: boolean, isTTY: boolean) {
  const streams = { stdout: new PassThrough(), stderr: Object.assign(new PassThrough(), { isTTY }) };
  const output = await openOutput(streams.stdout, streams.stderr, json);
  const text = (name: 'stdout' | 'stderr'): string => {
    let heard = '';
    for (let part = streams[name].read(); part !== null; part = streams[name].read()) heard += String(part);
    return heard;
  };
  return { output, text };
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
});
