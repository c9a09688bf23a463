// What a process of ours does: node work.mjs WHAT PATH [OPTIONS AS JSON]; it prints its figures. Plain JavaScript on the built
// packages, as users have them: the memory and the start of a compiler would count as ours otherwise.

import { rmSync } from 'node:fs';

const works = {
  manifest: async () => {
    const { createManifest } = await import('@shoal/chunker/node');
    return (path, options) => createManifest(path, options);
  },
  'create-torrent': async () => {
    const { default: createTorrent } = await import('create-torrent');
    return (path) =>
      new Promise((resolve, reject) => {
        createTorrent(path, { createdBy: '' }, (error, torrent) => (error ? reject(error) : resolve(torrent)));
      });
  },
  /** From one store into another, every chunk verified on both sides. */
  copy: async () => {
    const { createManifest, openFileStore, openSeedStore } = await import('@shoal/chunker/node');
    return async (path, { destination }) => {
      const { document } = await createManifest(path);
      const begun = performance.now();
      const [from, to] = await Promise.all([openSeedStore(path, document), openFileStore({ document, destination })]);
      let next = 0;
      const work = async () => {
        for (let chunk = next++; chunk < to.chunkCount; chunk = next++)
          await to.writeChunk(chunk, await from.readChunk(chunk));
      };
      await Promise.all(Array.from({ length: 8 }, work));
      await to.finish();
      const callMs = performance.now() - begun;
      await Promise.all([from.close(), to.close()]);
      rmSync(destination, { recursive: true });
      return { callMs };
    };
  },
};

const [what, path, options = '{}'] = process.argv.slice(2);
const work = await works[what]();
const begun = performance.now();
const told = await work(path, JSON.parse(options));
const callMs = told?.callMs ?? performance.now() - begun;
process.stdout.write(JSON.stringify({ callMs, peakMB: (process.resourceUsage().maxRSS * 1024) / 1e6 }));
