// Clients of a BitTorrent tracker over HTTP (BEP 3), a connection each that is kept open.

import { Agent, get } from 'node:http';
import { type Client, type Clients, type ClientSetting, swarmHash } from '../contract.ts';
import { udpClients } from './udp.ts';

export const httpClients: Clients = {
  fill: (setting) => udpClients.fill(setting), // the same table, at the same port

  async open({ port, table, want }: ClientSetting, number: number): Promise<Client> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const swarm = swarmHash(number % table.swarms, 40).replaceAll(/../g, '%$&');
    const peer = `client-${number}`.padEnd(20, '-');
    const path = `/announce?info_hash=${swarm}&peer_id=${peer}&port=5000&left=100&numwant=${want}&compact=1`;
    const ask = (done: () => void, what = ''): void => {
      get({ host: '127.0.0.1', port, path: path + what, agent }, (response) => response.resume().on('end', done));
    };
    await new Promise<void>((resolve) => ask(resolve, '&event=started'));
    return { announce: (done) => ask(done), close: () => agent.destroy() };
  },
};
