// Transmission's daemon as it comes, with uTP; only what would reach beyond its swarm is off. A hook says when all is there.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bittorrent } from '../bittorrent.ts';
import type { Program } from '../contract.ts';

const constant = {
  'dht-enabled': false,
  'lpd-enabled': false,
  'port-forwarding-enabled': false,
  'peer-port-random-on-start': true,
  'rpc-enabled': false,
  'script-torrent-done-enabled': true,
  'watch-dir-enabled': true,
} as const;

export const transmission: Program = bittorrent(
  () =>
    spawnSync('transmission-daemon', ['--version']).status === 0
      ? undefined
      : 'missing: transmission-daemon (Debian: transmission-daemon)',
  ({ host, torrent, folder, scratch }) => {
    const config = mkdtempSync(join(scratch, 'transmission-'));
    const hook = join(config, 'say-done');
    writeFileSync(hook, '#!/bin/sh\necho done\n', { mode: 0o755 });
    const watched = join(config, 'watched');
    mkdirSync(watched);
    copyFileSync(torrent, join(watched, basename(torrent)));
    const settings = {
      ...constant,
      'bind-address-ipv4': host.address,
      'download-dir': folder,
      'script-torrent-done-filename': hook,
      'watch-dir': watched,
    };
    writeFileSync(join(config, 'settings.json'), JSON.stringify(settings));
    return ['transmission-daemon', '--foreground', '--config-dir', config];
  },
);
