import { UsageError } from '@shoal/machine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64url, toBase64url } from '../src/base64url.ts';
import { CanonicalWriter } from '../src/canonical.ts';
import { pureHashes } from '../src/hash.ts';
import type { SwarmId } from '../src/swarm-id.ts';
import { formatTicket, parseTicket, type Ticket } from '../src/ticket.ts';

const ticket: Ticket = {
  swarmId: '0123456789abcdef'.repeat(4) as SwarmId,
  name: 'Grüße & Küsse.tar',
  bytes: 5_000_000_000,
  trackers: [
    { host: 'tracker.example', port: 4000 },
    { host: '2001:db8::1', port: 65_535 },
  ],
  peers: [{ host: '192.0.2.7', port: 1 }],
};
const link = formatTicket(ticket);

/** A link around any body, with everything else right. */
function linkAround(body: Uint8Array, version = 1): string {
  const signed = Uint8Array.of(version, body.length >> 8, body.length & 255, ...body);
  return `shoal:${toBase64url(Uint8Array.of(...signed, ...pureHashes.blake3.digest(signed).subarray(0, 4)))}`;
}

const body = (name: string, address: string): Uint8Array =>
  new CanonicalWriter().array(5).bytes(new Uint8Array(32)).text(name).uint(1).array(1).text(address).array(0).finish();

describe('ticket', () => {
  test('goes through its link unchanged', () => {
    expect(parseTicket(link)).toEqual({ ok: true, value: ticket });
    expect(parseTicket(`  ${link}\n`)).toEqual({ ok: true, value: ticket });
    expect(parseTicket(link.replace('shoal:', 'SHOAL:'))).toEqual({ ok: true, value: ticket });
  });

  test('needs no quoting in any shell', () => {
    expect(link).toMatch(/^shoal:[\w-]+$/);
  });

  test('cut short anywhere is told as such, never as something else', () => {
    for (let end = 'shoal:'.length; end < link.length; end += 1)
      expect(parseTicket(link.slice(0, end))).toMatchObject({ ok: false, reason: 'cutShort' });
  });

  test('with any wrong character is refused', () => {
    const characters = fc.constantFrom(...'A B Z a b z 0 9 - _ ! . é'.split(' '), ' ');
    fc.assert(
      fc.property(fc.integer({ min: 6, max: link.length - 2 }), characters, (at, character) => {
        fc.pre(link[at] !== character);
        expect(parseTicket(link.slice(0, at) + character + link.slice(at + 1)).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, string, string]>([
    ['nothing', '', 'notATicket'],
    ['another link', 'magnet:?xt=urn:btih:00', 'notATicket'],
    ['a path', './photos', 'notATicket'],
    ['a quoted link', `'${link}'`, 'notATicket'],
    ['text after it', `${link} and more`, 'mistyped'],
    ['a link given twice', link + link, 'mistyped'],
    ['more characters', `${link}AAAA`, 'mistyped'],
    ['very long text', `shoal:${'A'.repeat(100_000)}`, 'mistyped'],
    ['two characters swapped', link.replace(/(.)(.)(.{10})$/, '$2$1$3'), 'mistyped'],
    ['a newer version', linkAround(body('a', 'b:1'), 2), 'version'],
    ['an empty body', linkAround(new Uint8Array(0)), 'malformed'],
    ['no address', linkAround(body('a', 'b')), 'malformed'],
    ['a name that climbs out', linkAround(body('..', 'b:1')), 'nameUnsafe'],
  ])('%s is told as what it is', (_, text, reason) => {
    const answer = parseTicket(text);
    expect(answer).toMatchObject({ ok: false, reason });
  });

  test('arbitrary bodies never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, text) => {
        expect(parseTicket(linkAround(bytes)).ok).toBe(false);
        expect(parseTicket(`shoal:${text}`).ok).toBe(false);
      }),
    );
  });

  test.each<[string, Partial<Ticket>]>([
    ['swarmId', { swarmId: 'abc' as SwarmId }],
    ['name', { name: '../x' }],
    ['bytes', { bytes: -1 }],
    ['trackers', { trackers: Array.from({ length: 17 }, () => ({ host: 'a', port: 1 })) }],
    ['peers', { peers: [{ host: 'a b', port: 1 }] }],
  ])('a wrong %s is the fault of the caller', (option, change) => {
    expect(() => formatTicket({ ...ticket, ...change })).toThrow(UsageError);
    expect(() => formatTicket({ ...ticket, ...change })).toThrow(`${option}:`);
  });

  test('its letters are base64url as everybody writes it', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
      }),
    );
    expect(fromBase64url('ab+/')).toBeUndefined();
  });
});
