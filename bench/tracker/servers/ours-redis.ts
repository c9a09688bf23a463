// A tracker process on a table in Redis that others share, without the limits on what one host may have: all load comes
// from one machine. `ours-redis.ts redis://HOST:PORT`

import { openStore, openTracker } from '@shoal/tracker/node';
import { openLinks } from '@shoal/transport-udp/node';

const ttlMs = 3_600_000;
const unlimited = { links: Number.POSITIVE_INFINITY, requestsPerSecond: Number.POSITIVE_INFINITY };

const store = await openStore(process.argv[2]!, { ttlMs });
const links = await openLinks({ host: '127.0.0.1' });
const tracker = openTracker({ links, ttlMs, store, config: { perPeer: unlimited, perHost: unlimited } });
process.once('disconnect', () => process.exit());
process.send!({ port: tracker.address.port });
