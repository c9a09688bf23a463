// The trackers that are compared.

import { ourClients } from './clients/ours.ts';
import { httpClients } from './clients/http.ts';
import { udpClients } from './clients/udp.ts';
import type { Clients, Server } from './contract.ts';
import { startOpentracker } from './servers/opentracker.ts';
import { startProcess } from './servers/server-process.ts';

export interface Tracker {
  readonly start: () => Promise<Server>;
  readonly clients: Clients;
}

const startBittorrent = (): Promise<Server> => startProcess('bittorrent.ts', { fills: false });

export const trackers: Readonly<Record<string, Tracker>> = {
  ours: { start: () => startProcess('ours.ts', { fills: true }), clients: ourClients },
  'bittorrent-udp': { start: startBittorrent, clients: udpClients },
  'bittorrent-http': { start: startBittorrent, clients: httpClients },
  opentracker: { start: () => startOpentracker(), clients: udpClients },
};
