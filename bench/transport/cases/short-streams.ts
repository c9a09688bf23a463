// How many small exchanges one connection carries: a stream each, 100 bytes there and 100 back, 64 of them at a time.

import type { Connection } from '../contract.ts';
import { type Case, received } from './case.ts';

const messageBytes = 100;
const atOnce = 64;

export const shortStreams: Case = {
  multiplexed: true,
  async listen(transport, { host }) {
    const message = new Uint8Array(messageBytes);
    const contact = await transport.listen(host, (stream) => {
      void received(stream, messageBytes)
        .then(() => stream.write(message))
        .then(() => stream.finish())
        .catch(() => undefined); // the dialling side knows
    });
    return { contact, finish: () => Promise.resolve({}) };
  },
  async dial(transport, { host, seconds }, contact) {
    const connection = await (await transport.openDialler(host))(contact);
    const began = performance.now();
    const until = began + seconds * 1_000;
    const counts = await Promise.all(Array.from({ length: atOnce }, () => exchangeUntil(until, connection)));
    const streams = counts.reduce((sum, count) => sum + count, 0);
    return { streamsPerSecond: streams / ((performance.now() - began) / 1_000) };
  },
};

async function exchangeUntil(until: number, connection: Connection): Promise<number> {
  const message = new Uint8Array(messageBytes);
  let done = 0;
  for (; performance.now() < until; done += 1) {
    const stream = await connection.openStream();
    const reply = received(stream, messageBytes);
    await stream.write(message);
    stream.finish();
    await reply;
  }
  return done;
}
