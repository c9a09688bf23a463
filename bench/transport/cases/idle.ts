// What 1,000 idle connections cost each side in memory, over what it needed with the first ten. Each has carried one
// small request and its reply, so that both sides know it.

import type { Connection } from '../contract.ts';
import { type Case, type Figures, received } from './case.ts';

const connections = 1_000;
const warmUps = 10;
const dialsAtOnce = 50;
const messageBytes = 64;

/** Memory of this process in MB, once what is garbage has been collected. */
async function residentMegabytes(): Promise<number> {
  for (let i = 0; i < 3; i += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100)); // finalizers have their turn
  }
  return process.memoryUsage().rss / 1e6;
}

export const idle: Case = {
  multiplexed: false,
  async listen(transport, { host }) {
    const message = new Uint8Array(messageBytes);
    let before = Promise.resolve(Number.NaN);
    let accepted = 0;
    const contact = await transport.listen(host, (stream) => {
      accepted += 1;
      if (accepted === warmUps) before = residentMegabytes();
      const ready = accepted === warmUps ? before : undefined; // the dialling side waits for the tenth reply
      void received(stream, messageBytes)
        .then(() => ready)
        .then(() => stream.write(message))
        .catch(() => undefined); // the dialling side knows
    });
    const finish = async (): Promise<Figures> => ({ listenerIdleMB: (await residentMegabytes()) - (await before) });
    return { contact, finish };
  },
  async dial(transport, { host }, contact) {
    const dial = await transport.openDialler(host);
    const message = new Uint8Array(messageBytes);
    const held: Connection[] = [];
    const open = async (): Promise<void> => {
      const connection = await dial(contact);
      held.push(connection);
      const stream = await connection.openStream();
      const reply = received(stream, messageBytes);
      await stream.write(message);
      await reply;
    };
    for (let i = 0; i < warmUps; i += 1) await open();
    const before = await residentMegabytes();
    for (let i = 0; i < connections; i += dialsAtOnce) await Promise.all(Array.from({ length: dialsAtOnce }, open));
    return { diallerIdleMB: (await residentMegabytes()) - before };
  },
};
