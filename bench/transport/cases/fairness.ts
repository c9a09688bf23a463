// How evenly 64 streams of one connection share it: Jain's index over the bytes each brought in the same seconds, from
// when all have begun. 1 is even; 1/64 would be one stream having everything.

import { type Case, type Figures, receiveAll } from './case.ts';
import { pattern } from './pattern.ts';

const streams = 64;

export const fairness: Case = {
  multiplexed: true,
  async listen(transport, { host, seconds }) {
    const bytes: number[] = [];
    let begun = 0;
    const allBegan = Promise.withResolvers<void>();
    const contact = await transport.listen(host, (stream) => {
      const index = bytes.push(0) - 1;
      receiveAll(stream, (part) => {
        if (bytes[index] === 0 && (begun += 1) === streams) allBegan.resolve();
        bytes[index]! += part.length;
      });
    });
    const figures = allBegan.promise.then(async () => {
      const before = [...bytes];
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      return shares(bytes.map((now, index) => now - before[index]!));
    });
    return { contact, finish: () => figures };
  },
  async dial(transport, { host, seconds }, contact) {
    const connection = await (await transport.openDialler(host))(contact);
    // A little longer than is measured: the streams do not begin all at once.
    const until = performance.now() + seconds * 1_000 + 500;
    const send = async (): Promise<void> => {
      const stream = await connection.openStream();
      while (performance.now() < until) await stream.write(pattern);
    };
    await Promise.all(Array.from({ length: streams }, send));
    return {};
  },
};

function shares(bytes: readonly number[]): Figures {
  const sum = bytes.reduce((total, one) => total + one, 0);
  const squares = bytes.reduce((total, one) => total + one * one, 0);
  return { jainIndex: sum ** 2 / (bytes.length * squares), leastShare: (Math.min(...bytes) / sum) * bytes.length };
}
