// Two peers of one process, bound to all addresses, one with a file and one with a ticket that names no address at all; says
// where the second found the first. Usage: node lan-pair.ts FOLDER

import { join } from 'node:path';
import { openPeer, type RunningPeer } from '@shoal/peer/node';
import { openLinks } from '@shoal/transport-udp/node';

const folder = process.argv[2]!;
const open = async (): Promise<RunningPeer> =>
  openPeer({
    links: await openLinks({ host: '::' }),
    onEvent: (event) => event.type === 'discoveryFailed' && process.stderr.write(`${event.detail}\n`),
  });
await using owner = await open();
await using receiver = await open();
const { ticket } = await owner.share({ path: join(folder, 'content'), peers: [] });
const { remotes } = await receiver.get(ticket, { destination: join(folder, 'copy'), timeoutMs: 20_000 }).done;
process.stdout.write(JSON.stringify(remotes.map(({ address }) => address.host)));
