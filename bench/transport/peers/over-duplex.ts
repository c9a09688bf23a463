// A stream over one of Node's Duplexes, or a look-alike: written until it says it is full, read by 'data' events.

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { ByteStream, Connection } from '../contract.ts';

export function overDuplex(duplex: Duplex): ByteStream {
  duplex.on('error', () => duplex.destroy()); // whoever waits is told by `once`
  return {
    async write(bytes) {
      if (!duplex.write(bytes)) await once(duplex, 'drain');
    },
    finish: () => void duplex.end(),
    async receive(take) {
      duplex.on('data', take);
      await once(duplex, 'end');
    },
  };
}

/** A connection that is one stream. */
export function connectionOver(duplex: Duplex): Connection {
  const stream = overDuplex(duplex);
  return { openStream: () => Promise.resolve(stream), close: () => void duplex.destroy() };
}
