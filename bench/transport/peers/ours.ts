// @shoal/transport-udp by its public door, with its defaults.

import type { TransferPriority } from '@shoal/transport-udp';
import { type NodeConnection, type NodeEndpoint, type NodeStream, openEndpoint } from '@shoal/transport-udp/node';
import { peerId } from '@shoal/machine';
import type { ByteStream, Connection, Transport } from '../contract.ts';

export const ours = ({
  offload,
  priority = 'normal',
}: {
  offload: boolean;
  priority?: TransferPriority;
}): Transport => ({
  multiplexed: true,
  async listen(host, accept) {
    const endpoint = await openEndpoint({ host, offload });
    void acceptAll(endpoint, accept);
    return { ...endpoint.address, identity: endpoint.peer };
  },
  async openDialler(host) {
    const endpoint = await openEndpoint({ host, offload, config: { priority } });
    return async ({ host, port, identity }) =>
      over(await endpoint.dial({ host, port }, { expect: peerId(identity!)! }));
  },
});

async function acceptAll(endpoint: NodeEndpoint, accept: (stream: ByteStream) => void): Promise<void> {
  for await (const connection of endpoint.connections()) void acceptStreams(connection, accept);
}

async function acceptStreams(connection: NodeConnection, accept: (stream: ByteStream) => void): Promise<void> {
  for await (const stream of connection.streams()) accept(overStream(stream));
}

const over = (connection: NodeConnection): Connection => ({
  openStream: async () => overStream(await connection.openStream()),
  close: () => void connection.close(),
});

const overStream = (stream: NodeStream): ByteStream => ({
  write: (bytes) => stream.write(bytes),
  // Whether the remote got everything is for the measurement to say.
  finish: () => void stream.finish().catch(() => undefined),
  async receive(take) {
    for (let part = await stream.read(); part !== undefined; part = await stream.read()) {
      take(part);
      stream.recycle(part);
    }
  },
});
