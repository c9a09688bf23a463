// qBittorrent without a window, as it comes, with uTP: its settings around the libtorrent of its own. Only what would reach
// beyond its swarm is off. A hook says when all is there.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bittorrent } from '../bittorrent.ts';
import type { Program } from '../contract.ts';

export const qbittorrent: Program = bittorrent(
  () =>
    spawnSync('qbittorrent-nox', ['--version']).status === 0
      ? undefined
      : 'missing: qbittorrent-nox (Debian: qbittorrent-nox)',
  ({ host, torrent, folder, scratch }) => {
    const profile = mkdtempSync(join(scratch, 'qbittorrent-'));
    const hook = join(profile, 'say-done');
    writeFileSync(hook, '#!/bin/sh\necho done\n', { mode: 0o755 });
    const config = join(profile, 'qBittorrent', 'config');
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, 'qBittorrent.conf'), settings(host.address, folder, hook));
    return ['qbittorrent-nox', `--profile=${profile}`, torrent];
  },
);

const settings = (address: string, folder: string, hook: string): string => `
[LegalNotice]
Accepted=true

[AutoRun]
enabled=true
program=${hook}

[BitTorrent]
Session\\DHTEnabled=false
Session\\DefaultSavePath=${folder}
Session\\InterfaceAddress=${address}
Session\\LSDEnabled=false
Session\\MultiConnectionsPerIp=true

[Network]
PortForwardingEnabled=false

[Preferences]
Connection\\ResolvePeerCountries=false
WebUI\\Address=127.0.0.1
WebUI\\Port=0
`;
