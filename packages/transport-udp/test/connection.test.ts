import { describe, expect, test } from 'vitest';
import { peerId, UsageError } from '@shoal/machine';
import type { EndpointEvent } from '../src/index.ts';
import { clientAddress, endpointFrom, Pair, serverAddress } from './pair.ts';

const closes = (events: EndpointEvent[]): unknown[] =>
  events.flatMap((event) => (event.type === 'connectionClosed' ? [[event.reason, event.byRemote]] : []));
const member = (psk?: Uint8Array) => (psk === undefined ? {} : { psk });
const never = { idleTimeoutMs: 1_000_000, keepAliveMs: 0 };

describe('the handshake', () => {
  test('takes one round trip for the dialler, and authenticates both', () => {
    const pair = new Pair({ profile: { delayMs: 10 } });
    pair.connect();
    expect(pair.clientEvents[0]).toMatchObject({ type: 'connectionOpened' });
    expect(pair.connection.peer).toBe(pair.server.peer);
    expect(pair.serverConnection!.peer).toBe(pair.client.peer);
    expect(pair.serverConnection!.address).toEqual(clientAddress);
    expect(pair.now).toBeCloseTo(30, 0);
  });

  test.each([0.1, 0.3])('gets through a loss of %d', (loss) => {
    for (let seed = 0; seed < 10; seed += 1) {
      const pair = new Pair({ profile: { delayMs: 20, loss }, seed: `${seed}` });
      pair.connect();
      expect(pair.connection.open && pair.serverConnection!.open).toBe(true);
    }
  });

  test('gets through corruption and duplication', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const pair = new Pair({ profile: { delayMs: 20, corrupt: 0.3, duplicate: 0.3 }, seed: `${seed}` });
      pair.connect();
      expect(pair.connection.open && pair.serverConnection!.open).toBe(true);
    }
  });

  test('fails when nobody answers', () => {
    const pair = new Pair({ config: { handshakeTimeoutMs: 3_000 } });
    pair.lab.remove(serverAddress);
    pair.connect();
    expect(closes(pair.clientEvents)).toEqual([['handshakeTimedOut', false]]);
    expect(pair.client.stats.connections).toBe(0);
  });

  test('with another secret, or none, is refused and says so', () => {
    const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    for (const [client, server] of [
      [one, two],
      [one, undefined],
      [undefined, one],
    ]) {
      const pair = new Pair({ client: member(client), server: member(server) });
      pair.connect();
      expect(closes(pair.clientEvents)).toEqual([['authenticationFailed', false]]);
      expect(pair.serverEvents).toEqual([]);
      pair.lab.run(30_000);
      expect(pair.server.stats.connections).toBe(0);
    }
  });

  test('with the same secret succeeds', () => {
    const psk = new Uint8Array(32).fill(1);
    expect(new Pair({ client: { psk }, server: { psk } }).connect().connection.open).toBe(true);
  });

  test('with somebody else than expected ends before that somebody learns who dialled', () => {
    const pair = new Pair();
    pair.connection = pair.client.connect(serverAddress, pair.now, { expect: peerId('ab'.repeat(32))! })!;
    pair.lab.run(2_000); // somebody else on the way must not end a dial: it asks four times
    expect(closes(pair.clientEvents)).toEqual([['authenticationFailed', false]]);
    pair.lab.run(30_000);
    expect(pair.serverEvents).toEqual([]);
  });

  test('never sends more than three times what an unproved address sent', () => {
    const client = endpointFrom('client');
    const server = endpointFrom('server');
    const buffer = new Uint8Array(65_000);
    client.connect(serverAddress, new Pair().now);
    const first = buffer.slice(0, client.pollTransmit(buffer, new Pair().now)!.length);
    let sent = 0;
    for (let i = 0; i < 50; i += 1) {
      server.handleDatagram(first.slice(), clientAddress, new Pair().now);
      for (
        let out = server.pollTransmit(buffer, new Pair().now);
        out;
        out = server.pollTransmit(buffer, new Pair().now)
      )
        sent += out.length;
      expect(sent).toBeLessThanOrEqual(3 * first.length * (i + 1));
    }
    expect(sent).toBeGreaterThan(0);
    expect(server.stats.connections).toBe(1);
  });

  test('of strangers is bounded in number; members already connected are not disturbed', () => {
    const pair = new Pair({ config: { pendingHandshakesMax: 8 } }).connect();
    const buffer = new Uint8Array(2_000);
    for (let i = 0; i < 30; i += 1) {
      const stranger = endpointFrom(`stranger ${i}`);
      stranger.connect(serverAddress, pair.now);
      const { length } = stranger.pollTransmit(buffer, pair.now)!;
      pair.server.handleDatagram(buffer.slice(0, length), { host: '10.9.9.9', port: i + 1 }, pair.now);
    }
    expect(pair.server.stats.connections).toBe(9);
    expect(pair.server.stats.handshakesRefused).toBe(22);
    const stream = pair.connection.openStream()!;
    stream.finish();
    expect(pair.lab.runUntil(() => stream.sendState === 'finished')).toBe(true);
    pair.lab.run(20_000);
    expect(pair.server.stats.connections).toBe(1);
  });

  test('keys and secrets of a wrong size are the caller’s fault', () => {
    expect(() => endpointFrom('x', { psk: new Uint8Array(31) })).toThrow(UsageError);
    expect(() => endpointFrom('x', { config: { datagramBytes: 100 } })).toThrow('datagramBytes');
  });
});

describe('the end of a connection', () => {
  test('is told to the remote with its code, and both forget it', () => {
    const pair = new Pair().connect();
    pair.connection.close(pair.now, 42);
    pair.lab.run(5_000);
    expect(closes(pair.serverEvents)).toEqual([[42, true]]);
    expect(closes(pair.clientEvents)).toEqual([]);
    expect([pair.client.stats.connections, pair.server.stats.connections]).toEqual([0, 0]);
  });

  test('with flush comes after everything written', () => {
    const pair = new Pair({ profile: { delayMs: 10, loss: 0.1 } }).connect();
    const stream = pair.connection.openStream()!;
    stream.write(new Uint8Array(100_000));
    pair.connection.close(pair.now, 1, { flush: true });
    pair.lab.run(5_000);
    expect(pair.far(stream).bytes).toBe(100_000);
    expect(closes(pair.serverEvents)).toEqual([[1, true]]);
  });

  test('with flush does not wait for a remote that is gone', () => {
    const pair = new Pair().connect();
    pair.connection.openStream()!.write(new Uint8Array(100_000));
    pair.lab.remove(serverAddress);
    pair.connection.close(pair.now, 1, { flush: true });
    expect(pair.connection.open).toBe(false);
    pair.lab.run(10_000);
    expect(pair.client.stats.connections).toBe(0);
  });

  test('gets through when the first word of it is lost', () => {
    const pair = new Pair({ config: { keepAliveMs: 500 } }).connect();
    pair.lab.run(100);
    pair.lab.network.profile = { delayMs: 10, loss: 1 };
    pair.connection.close(pair.now, 42);
    pair.lab.drain();
    pair.lab.network.profile = { delayMs: 10 };
    const stream = pair.serverConnection!.openStream()!;
    stream.write(Uint8Array.of(1)); // the closing side answers it with its close
    pair.lab.run(1_000);
    expect(closes(pair.serverEvents)).toEqual([[42, true]]);
  });

  test('comes by itself when nothing is heard', () => {
    const pair = new Pair({ config: { idleTimeoutMs: 5_000, keepAliveMs: 0 } }).connect();
    pair.lab.run(4_000);
    expect(pair.connection.open).toBe(true);
    pair.lab.run(2_000);
    expect(closes(pair.clientEvents)).toEqual([['idleTimedOut', false]]);
    expect(closes(pair.serverEvents)).toEqual([['idleTimedOut', false]]);
  });

  test('does not come while both keep it alive', () => {
    const pair = new Pair({ config: { idleTimeoutMs: 5_000, keepAliveMs: 1_000 } }).connect();
    pair.lab.run(60_000);
    expect(pair.connection.open && pair.serverConnection!.open).toBe(true);
    pair.lab.remove(serverAddress);
    pair.lab.run(6_000);
    expect(closes(pair.clientEvents)).toEqual([['idleTimedOut', false]]);
  });

  test('comes when a key has sealed as much as it may', () => {
    const pair = new Pair({ config: { sealedBytesMax: 1_000_000 } }).connect();
    const stream = pair.connection.openStream()!;
    stream.write(new Uint8Array(2_000_000));
    pair.lab.run(3_000);
    expect(closes(pair.clientEvents)).toEqual([['exhausted', false]]);
    expect(closes(pair.serverEvents)).toEqual([['exhausted', true]]);
    expect(stream.sending.finalOffset).toBeLessThan(1_000_000 + 2 * 65_536);
  });

  test('leaves nothing behind that wants to be called', () => {
    const pair = new Pair({ config: never }).connect();
    pair.connection.close(pair.now);
    pair.lab.run(5_000);
    expect([pair.client.nextTimeout(), pair.server.nextTimeout()]).toEqual([Infinity, Infinity]);
  });
});

test('an idle connection with nothing to say sends nothing', () => {
  const pair = new Pair({ config: never }).connect();
  pair.lab.run(2_000);
  const before = pair.lab.network.sent;
  pair.lab.run(100_000);
  expect(pair.lab.network.sent).toBe(before);
});
