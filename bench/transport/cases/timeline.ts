// One stream, as fast as it goes, and how much of it arrived in each second of the machine's clock: what flows that
// share a link get at the same time. The listening side's figures are Mbit/s by second, `s1700000000`.

import { type Case, type Figures, receiveAll } from './case.ts';
import { pattern } from './pattern.ts';

export const timeline: Case = {
  multiplexed: false,
  async listen(transport, { host }) {
    const seconds: Record<string, number> = {};
    const contact = await transport.listen(host, (stream) => {
      receiveAll(stream, (part) => {
        const second = `s${Math.floor(Date.now() / 1_000)}`;
        seconds[second] = (seconds[second] ?? 0) + (part.length * 8) / 1e6;
      });
    });
    return { contact, finish: () => Promise.resolve<Figures>(seconds) };
  },
  async dial(transport, { host, seconds }, contact) {
    const connection = await (await transport.openDialler(host))(contact);
    const until = performance.now() + seconds * 1_000;
    const stream = await connection.openStream();
    while (performance.now() < until) await stream.write(pattern);
    return {};
  },
};
