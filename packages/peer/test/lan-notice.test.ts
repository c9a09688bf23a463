import { pureHashes } from '@shoal/chunker';
import { seededRng } from '@shoal/machine';
import { type SwarmId, swarmId } from '@shoal/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeNotice, nonceBytes, readNotice, swarmsPerNoticeMax } from '../src/lan-notice.ts';

const id = (digit: string): SwarmId => swarmId(digit.repeat(64))!;
const nonce = (seed: string): Uint8Array => seededRng(seed).bytes(nonceBytes);
const keys = { hashes: pureHashes };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('a notice to the local network', () => {
  test('leads those who know a swarm to it, and tells nothing of the others', () => {
    const notice = encodeNotice(4_711, [id('a'), id('b')], nonce('1'), keys);
    expect(readNotice(notice, [id('b'), id('c')], keys)).toEqual({ port: 4_711, swarms: [id('b')] });
    expect(readNotice(notice, [id('c')], keys)).toEqual({ port: 4_711, swarms: [] });
  });

  test('hides swarm ids from bystanders, and looks like no earlier one', () => {
    const [one, two] = [nonce('1'), nonce('2')].map((fresh) => encodeNotice(1, [id('a')], fresh, keys));
    expect(hex(one!)).not.toContain('aaaaaaaa');
    expect(hex(one!.subarray(-16))).not.toBe(hex(two!.subarray(-16)));
  });

  test('of a private swarm says nothing to who knows the swarm and not its secret', () => {
    const [secret, another] = [nonce('s'), nonce('t')].map((half) => Uint8Array.of(...half, ...half));
    const notice = encodeNotice(4_711, [id('a')], nonce('1'), { ...keys, secret });
    const read = (known: typeof keys & { secret?: Uint8Array }) => readNotice(notice, [id('a')], known)?.swarms;
    expect([read(keys), read({ ...keys, secret: another! }), read({ ...keys, secret: secret! })]).toEqual([
      [],
      [],
      [id('a')],
    ]);
  });

  test('has room for so many swarms, below any MTU', () => {
    const many = Array.from({ length: swarmsPerNoticeMax }, (_, i) => swarmId(i.toString(16).padStart(64, '0'))!);
    const notice = encodeNotice(1, many, nonce('1'), keys);
    expect(notice.length).toBeLessThan(1_200);
    expect(readNotice(notice, many, keys)?.swarms).toEqual(many);
    expect(readNotice(new Uint8Array([...notice, ...nonce('x')]), many, keys)).toBeUndefined();
  });

  test('whatever comes in its place is no notice, and never throws', () => {
    const valid = encodeNotice(9, [id('a')], nonce('1'), keys);
    for (const length of [0, 5, 23, valid.length - 1])
      expect(readNotice(valid.subarray(0, length), [], keys)).toBeUndefined();
    expect(readNotice(encodeNotice(0, [], nonce('1'), keys), [], keys)).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(readNotice(bytes, [id('a')], keys)).toBeUndefined();
      }),
    );
  });
});
