// A port for a tracker that must be told one for UDP and TCP alike. Below those that the system gives to whoever connects:
// a thousand connections over HTTP that just ended still keep theirs.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const [from, to] = [10_000, 30_000];
const host = '127.0.0.1';

export async function freePort(): Promise<number> {
  for (;;) {
    const port = from + Math.floor(Math.random() * (to - from));
    const [tcp, udp] = [createServer(), createSocket('udp4')];
    try {
      tcp.listen({ port, host, exclusive: true });
      await once(tcp, 'listening');
      udp.bind(port, host);
      await once(udp, 'listening');
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    } finally {
      tcp.close();
      udp.close();
    }
  }
}
