import { after, type Instant, instant, peerId, seededRng } from '@shoal/machine';
import { swarmId } from '@shoal/wire';
import { describe, expect, test } from 'vitest';
import { type Contact, Contacts } from '../src/links/contacts.ts';

const swarm = swarmId('a'.repeat(64))!;
const hearsay = { heardFrom: peerId('b'.repeat(64))! };
const any = (): boolean => true;
const contact = (number: number) => ({ address: { host: `10.0.${number >> 8}.${number & 255}`, port: 1 } });

function told(count: number): Contacts {
  const contacts = new Contacts(seededRng('contacts'));
  for (let number = 0; number < count; number += 1) contacts.add(swarm, contact(number), instant(0));
  return contacts;
}

/** Dials whatever may be dialled, until nothing more may. */
function dialAll(contacts: Contacts, now: Instant, firstDial = 1): Contact[] {
  const dialled: Contact[] = [];
  for (let next = contacts.next(any, now); next !== undefined; next = contacts.next(any, now)) {
    contacts.dialled(next, firstDial + dialled.length);
    dialled.push(next);
  }
  return dialled;
}

describe('contacts', () => {
  test('at most four are dialled at once', () => {
    const contacts = told(20);
    expect(dialAll(contacts, instant(0))).toHaveLength(4);
    expect(contacts.nextTimeout()).toBe(Infinity);
    contacts.failed(1, 'unreachable', instant(0));
    expect(contacts.nextTimeout()).toBe(0);
  });

  test('an address that fails waits longer each time, and is forgotten after nine times', () => {
    const contacts = told(1);
    let now = instant(0);
    const pauses: number[] = [];
    for (let dial = 1; dial <= 9; dial += 1) {
      contacts.dialled(contacts.next(any, now)!, dial);
      contacts.failed(dial, 'unreachable', now);
      pauses.push(contacts.nextTimeout() - now);
      if (dial < 9) now = contacts.nextTimeout();
    }
    expect(pauses.slice(0, 5)).toEqual(pauses.slice(0, 5).sort((a, b) => a - b));
    expect(pauses.at(-1)).toBe(Infinity);
    expect(contacts.next(any, after(now, 1e9))).toBeUndefined();
  });

  test('a table that strangers have filled takes no more', () => {
    const contacts = told(1_024);
    expect(contacts.add(swarm, contact(5_000), instant(0))).toBeUndefined();
    expect(contacts.add(swarm, contact(7), instant(0))).toBeDefined();
  });

  test('hearsay keeps nobody out who was told by others, neither from the table nor from the dials', () => {
    const contacts = new Contacts(seededRng('hearsay'));
    for (let number = 0; number < 2_000; number += 1) contacts.add(swarm, contact(number), instant(0), hearsay);
    expect(dialAll(contacts, instant(0))).toHaveLength(4);
    const told = contacts.add(swarm, contact(5_000), instant(1))!;
    expect(dialAll(contacts, instant(1), 10)).toEqual([told]);
  });

  test('new hearsay takes the place of what has failed most often', () => {
    const contacts = new Contacts(seededRng('worst'));
    for (let number = 0; number < 1_024; number += 1) contacts.add(swarm, contact(number), instant(0), hearsay);
    expect(contacts.add(swarm, contact(2_000), instant(0), hearsay)).toBeUndefined();
    const [failed] = dialAll(contacts, instant(0));
    contacts.failed(1, 'unreachable', instant(0));
    expect(contacts.add(swarm, contact(2_000), instant(0), hearsay)).toBeDefined();
    expect(failed!.failures).toBe(1);
  });

  test('a failure counts against all that the same peer told, until one of them is there', () => {
    const contacts = new Contacts(seededRng('siblings'));
    const other = { heardFrom: peerId('c'.repeat(64))! };
    for (let number = 0; number < 10; number += 1) contacts.add(swarm, contact(number), instant(0), hearsay);
    const [first] = dialAll(contacts, instant(0));
    for (let number = 20; number < 23; number += 1) contacts.add(swarm, contact(number), instant(1), other);
    contacts.failed(1, 'unreachable', instant(1));
    const next = contacts.next(any, instant(1))!;
    expect([first!.failures, next.failures, next.heardFrom]).toEqual([1, 0, other.heardFrom]);
    contacts.opened(2, peerId('d'.repeat(64))!);
    expect(contacts.next(any, instant(2_000))).toMatchObject({ failures: 0 });
  });

  test('what the user names is never forgotten', () => {
    const contacts = new Contacts(seededRng('given'));
    contacts.add(swarm, contact(1), instant(0), { given: true });
    let now = instant(0);
    for (let dial = 1; dial <= 30; dial += 1) {
      contacts.dialled(contacts.next(any, now)!, dial);
      contacts.failed(dial, 'unreachable', now);
      expect(contacts.nextTimeout() - now).toBeLessThanOrEqual(75_000);
      now = contacts.nextTimeout();
    }
  });

  test('hearsay that a tracker confirms is dialled like all it tells', () => {
    const contacts = new Contacts(seededRng('confirmed'));
    for (let number = 0; number < 10; number += 1) contacts.add(swarm, contact(number), instant(0), hearsay);
    expect(dialAll(contacts, instant(0))).toHaveLength(4);
    const confirmed = contacts.add(swarm, contact(9), instant(1));
    expect(dialAll(contacts, instant(1), 10)).toEqual([confirmed]);
  });

  test('what is no address is not taken', () => {
    const contacts = told(0);
    for (const address of [
      { host: '', port: 1 },
      { host: 'a b', port: 1 },
      { host: '10.0.0.1', port: 0 },
    ])
      expect(contacts.add(swarm, { address }, instant(0))).toBeUndefined();
  });

  test('one whose peer is not wanted is passed over until it is told again', () => {
    const contacts = told(1);
    expect(contacts.next(() => false, instant(0))).toBeUndefined();
    expect(contacts.nextTimeout()).toBe(Infinity);
    contacts.add(swarm, contact(0), instant(5));
    expect(contacts.next(any, instant(5))).toBeDefined();
  });

  test('a swarm that is left takes its idle addresses along', () => {
    const contacts = told(3);
    contacts.leave(swarm);
    expect(dialAll(contacts, instant(0))).toEqual([]);
  });
});
