// The programs that are compared. To measure another one, write such a file and name it here.

import type { Program } from './contract.ts';
import { aria2 } from './programs/aria2.ts';
import { cp } from './programs/cp.ts';
import { hyperdrive } from './programs/hyperdrive.ts';
import { libtorrentDefault, libtorrentTcp } from './programs/libtorrent.ts';
import { ours } from './programs/ours.ts';
import { qbittorrent } from './programs/qbittorrent.ts';
import { scp } from './programs/scp.ts';
import { transmission } from './programs/transmission.ts';
import { webtorrent } from './programs/webtorrent.ts';

export const programs = {
  ours,
  libtorrent: libtorrentTcp,
  'libtorrent-default': libtorrentDefault,
  aria2,
  qbittorrent,
  webtorrent,
  transmission,
  hyperdrive,
  scp,
  cp,
} as const satisfies Readonly<Record<string, Program>>;

export type ProgramName = keyof typeof programs;
