// What all BitTorrent clients have in common: a torrent, an opentracker that serves it alone and that it names, and clients
// of which the one that finds the content in its folder is the sender.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { startOpentracker } from '../tracker/servers/opentracker.ts';
import type { Host } from '../transport/networks/network.ts';
import type { Content, Program, Receiver, Serving, Setting } from './contract.ts';
import { Running } from './running.ts';

/** What one client is told. */
export interface Client {
  readonly host: Host;
  /** Names the tracker. */
  readonly torrent: string;
  /** Where the content is, or is to be. */
  readonly folder: string;
  readonly scratch: string;
}

/** A client that says `done` on a line of its own once it has all of the content, which a sender has from the start. */
export const bittorrent = (whyNot: Program['whyNot'], command: (client: Client) => [string, ...string[]]): Program => ({
  whyNot: () => whyNot(),
  async serve(content: Content, { trackerHost, senderHost, scratch }: Setting): Promise<Serving> {
    await using starting = new AsyncDisposableStack();
    const { file, infoHash } = await torrentOf(content);
    const { port } = starting.use(await startOpentracker({ host: trackerHost, swarms: [infoHash] }));
    const tracker = `http://${trackerHost.address}:${port}`;
    const torrent = join(scratch, basename(file));
    writeFileSync(torrent, announcedTo(`${tracker}/announce`, readFileSync(file)));
    const start = (host: Host, folder: string): Running =>
      new Running(host, ...command({ host, torrent, folder, scratch }));
    const sender = starting.use(start(senderHost, dirname(content.path)));
    await sender.says(doneWord);
    await knownTo(tracker, infoHash, senderHost);
    const processes = starting.move();
    return {
      senderPid: sender.pid,
      get(host, folder): Receiver {
        const receiver = start(host, folder);
        const { pid } = receiver;
        const done = receiver.says(doneWord);
        return { pid, done, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() };
      },
      [Symbol.asyncDispose]: () => processes.disposeAsync(),
    };
  },
});

const doneWord = (line: string): true | undefined => (line.trim() === 'done' ? true : undefined);

interface Torrent {
  /** It names no tracker. */
  readonly file: string;
  readonly infoHash: string;
}

const torrents = new WeakMap<Content, Promise<Torrent>>();

/** Made once for all programs. Beside the content's folder, because a sender looks for nothing else in that. */
function torrentOf(content: Content): Promise<Torrent> {
  const made = torrents.get(content) ?? makeTorrent(content);
  torrents.set(content, made);
  return made;
}

async function makeTorrent({ path }: Content): Promise<Torrent> {
  const names: string[] = ['create-torrent', 'bencode']; // they have no types
  const [{ default: createTorrent }, { default: bencode }] = (await Promise.all(names.map((name) => import(name)))) as [
    { default: Create },
    { default: Bencode },
  ];
  const made = Promise.withResolvers<Uint8Array>();
  createTorrent(path, { announceList: [] }, (error, bytes) => (error ? made.reject(error) : made.resolve(bytes)));
  const bytes = await made.promise;
  const infoHash = createHash('sha1')
    .update(bencode.encode(bencode.decode(bytes).info))
    .digest('hex');
  const folder = `${dirname(path)}.torrents`;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${basename(path)}.torrent`);
  writeFileSync(file, bytes);
  return { file, infoHash };
}

/** A dictionary has its keys in order, and of a torrent's this is the first. */
const announcedTo = (tracker: string, torrent: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`d8:announce${tracker.length}:${tracker}`), torrent.subarray(1)]);

type Create = (path: string, options: object, done: (error: Error | null, torrent: Uint8Array) => void) => void;

interface Bencode {
  decode(bytes: Uint8Array): { readonly info: unknown };
  encode(value: unknown): Uint8Array;
}

/** Waits on that host until the tracker has a complete peer: it says so to whoever scrapes. */
async function knownTo(tracker: string, infoHash: string, host: Host): Promise<void> {
  const hash = infoHash.replaceAll(/../g, '%$&');
  const asking = `
    const count = async () => /8:completei(\\d+)e/.exec(await (await fetch('${tracker}/scrape?info_hash=${hash}')).text());
    while (!(Number((await count())?.[1]) > 0)) await new Promise((resolve) => setTimeout(resolve, 50));
  `;
  await using asks = new Running(host, process.execPath, '--input-type=module', '-e', asking);
  await asks.ended;
}
