// WebTorrent over TCP, the faster of what it speaks between Node processes.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bittorrent } from '../bittorrent.ts';
import type { Program } from '../contract.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const command = [process.execPath, '--import', here('without-webrtc.mjs'), here('webtorrent-side.mjs')] as const;
const installed = new URL('../../node_modules/webtorrent/package.json', import.meta.url);

export const webtorrent: Program = bittorrent(
  () => (existsSync(installed) ? undefined : 'missing: the npm package webtorrent'),
  ({ torrent, folder }) => [...command, torrent, folder],
);
