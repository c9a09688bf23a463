// aria2 as a BitTorrent client; it knows TCP only. A hook says when all is there.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bittorrent } from '../bittorrent.ts';
import type { Program } from '../contract.ts';

const constant = [
  '--no-conf',
  '--quiet',
  '--enable-dht=false',
  '--enable-dht6=false',
  '--file-allocation=none',
  '--seed-ratio=0', // serve on
  '--check-integrity', // what is in the folder already makes a sender
];

export const aria2: Program = bittorrent(
  () => (spawnSync('aria2c', ['--version']).status === 0 ? undefined : 'missing: aria2c (Debian: aria2)'),
  ({ torrent, folder, scratch }) => {
    const hook = join(scratch, 'say-done');
    writeFileSync(hook, '#!/bin/sh\necho done\n', { mode: 0o755 });
    return ['aria2c', ...constant, `--on-bt-download-complete=${hook}`, '-d', folder, torrent];
  },
);
