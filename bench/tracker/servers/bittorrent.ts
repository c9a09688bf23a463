// The npm package bittorrent-tracker, UDP and HTTP. Its table keeps 1,000 peers a swarm by default: it is told to keep all.

import { freePort } from './free-port.ts';
import { serve } from './server-process.ts';

interface Listening {
  listen(port: number, hosts: Record<string, string>, done?: () => void): void;
  on(event: 'error' | 'warning' | 'listening', handle: (problem?: Error) => void): void;
}
type Constructor = new (options: object) => Listening;

const name: string = 'bittorrent-tracker/server'; // it has no types
const { default: TrackerServer } = (await import(name)) as { default: Constructor };
const server = new TrackerServer({ udp: true, http: true, ws: false, stats: false, peersCacheLength: 10_000_000 });
const port = await freePort();
server.on('error', (problem) => {
  throw problem!;
});
server.on('listening', () => serve(port));
server.listen(port, { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' });
