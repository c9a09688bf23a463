// libtorrent (rasterbar) by its Python binding: over TCP, with its own preset for speed, and as it comes, with uTP.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bittorrent } from '../bittorrent.ts';
import type { Program } from '../contract.ts';

const side = fileURLToPath(new URL('libtorrent-side.py', import.meta.url));
/** Debian's own Python has Debian's package, whatever comes first in the path. */
const pythons = ['python3', '/usr/bin/python3'];

const python = (): string | undefined =>
  pythons.find((name) => spawnSync(name, ['-c', 'import libtorrent']).status === 0);

const libtorrent = (manner: 'tcp' | 'default'): Program =>
  bittorrent(
    () => (python() === undefined ? 'missing: Python with libtorrent (Debian: python3-libtorrent)' : undefined),
    ({ host, torrent, folder }) => [python()!, side, manner, torrent, folder, host.address],
  );

export const libtorrentTcp: Program = libtorrent('tcp');
export const libtorrentDefault: Program = libtorrent('default');
