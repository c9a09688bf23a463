// What a small request costs a stranger: connect, send 1 KiB, receive 1 KiB; one after the other, each on a new
// connection. The sockets are open before.

import { type Case, received } from './case.ts';
import { median } from '../figures.ts';

const messageBytes = 1_024;
const warmUps = 20;
const timesMax = 1_000; // closed connections linger: TCP would run out of ports, uTP out of numbers

export const roundTrip: Case = {
  multiplexed: false,
  async listen(transport, { host }) {
    const message = new Uint8Array(messageBytes);
    const contact = await transport.listen(host, (stream) => {
      void received(stream, messageBytes)
        .then(() => stream.write(message))
        .catch(() => undefined); // the dialling side knows
    });
    return { contact, finish: () => Promise.resolve({}) };
  },
  async dial(transport, { host, seconds }, contact) {
    const dial = await transport.openDialler(host);
    const message = new Uint8Array(messageBytes);
    const once = async (): Promise<number> => {
      const began = performance.now();
      const connection = await dial(contact);
      const stream = await connection.openStream();
      const reply = received(stream, messageBytes);
      await stream.write(message);
      await reply;
      const ms = performance.now() - began;
      connection.close();
      return ms;
    };
    for (let i = 0; i < warmUps; i += 1) await once();
    const times: number[] = [];
    for (const until = performance.now() + seconds * 1_000; performance.now() < until && times.length < timesMax;)
      times.push(await once());
    return { roundTripMs: median(times) };
  },
};
