import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode } from '@msgpack/msgpack';
import { fromHex, toHex } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { pureHashes } from '../src/hash.ts';
import { largestChunk } from '../src/chunking.ts';
import { layoutOf } from '../src/manifest.ts';
import { encodeEntries } from '../src/manifest-entry.ts';
import { encodeHeader } from '../src/manifest-header.ts';
import { decodeDocument, makeDocument } from '../src/manifest-document.ts';
import { manifestPart } from '../src/manifest-parts.ts';
import { createManifest } from '../src/node/create-manifest.ts';
import { proveRange } from '../src/range-proof.ts';
import type { SwarmId } from '../src/swarm-id.ts';
import { parseTicket } from '../src/ticket.ts';
import { temporaryFolder } from './node/temporary.ts';
import { patterned, type VectorSet } from './vector-sets.ts';
import vectors from './vectors/file-sets.json' with { type: 'json' };

const sets = vectors.sets as readonly VectorSet[];
const ofFiles = (set: VectorSet): Uint8Array => Buffer.concat(set.files.map(({ bytes }) => patterned(bytes)));

describe('golden vectors', () => {
  test.each(sets)('$description', (set) => {
    const layout = layoutOf(set, set.chunkSizes);
    const content = ofFiles(set);
    const digests = Array.from({ length: layout.chunkCount }, (_, chunk) => {
      const start = layout.chunkStart(chunk);
      return pureHashes[set.hash].digest(content.subarray(start, start + layout.sizeOfChunk(chunk)));
    });
    expect(digests.map(toHex)).toEqual(set.chunkDigests);
    const table = {
      digests: new Uint8Array(Buffer.concat(digests)),
      sizes: set.chunkSizes && Uint32Array.from(set.chunkSizes),
    };
    const made = makeDocument(set, table, pureHashes);
    const { value: document } = made as typeof made & { ok: true };
    expect(document.entries.map((entry) => toHex(encodeEntries([entry])))).toEqual(set.entries);
    expect(toHex(document.header.entriesRoot)).toBe(set.entriesRoot);
    expect(toHex(document.header.chunksRoot)).toBe(set.chunksRoot);
    expect(toHex(encodeHeader(document.header))).toBe(set.header);
    expect(document.swarmId).toBe(set.swarmId);
    expect(toHex(pureHashes.blake3.digest(fromHex(set.header)!))).toBe(set.swarmId);
    expect(toHex(manifestPart(document, 0))).toBe(set.part);
    expect(set.range && toHex(proveRange(document, set.range))).toBe(set.range?.proof);
  });

  test.each(sets)('$description: the document that its parts make', (set) => {
    const header = fromHex(set.header)!;
    const sizes = (set.chunkSizes ?? []).map((size) => size.toString(16).padStart(8, '0'));
    const rest = [...set.entries, ...sizes, ...set.chunkDigests].map((part) => fromHex(part)!);
    const bytes = new Uint8Array(
      Buffer.concat([Uint8Array.of(header.length >> 8, header.length & 255), header, ...rest]),
    );
    const answer = decodeDocument(bytes, { expected: set.swarmId as SwarmId, hashes: pureHashes });
    expect(answer).toMatchObject({
      ok: true,
      value: { manifest: { files: set.files, emptyFolders: set.emptyFolders } },
    });
  });

  test.each(sets)('$description: what another msgpack library reads in it', (set) => {
    expect(decode(fromHex(set.header)!)).toEqual([
      1,
      set.kind === 'folder',
      set.name,
      set.hash,
      set.chunking.kind === 'fixed'
        ? [set.chunking.chunkBytes]
        : [set.chunking.minBytes, set.chunking.averageBytes, set.chunking.maxBytes],
      set.files.reduce((sum, { bytes }) => sum + bytes, 0),
      set.chunkDigests.length,
      set.entries.length,
      fromHex(set.entriesRoot),
      fromHex(set.chunksRoot),
    ]);
    const entries = set.entries.map((entry) => decode(fromHex(entry)!) as [string, number, number]);
    expect(entries.filter(([, , kind]) => kind < 2)).toEqual(
      set.files.map(({ path, bytes, executable }) => [path, bytes, executable ? 1 : 0]),
    );
    expect(entries.filter(([, , kind]) => kind === 2)).toEqual(set.emptyFolders.map((path) => [path, 0, 2]));
  });

  test.each(sets)('$description: its ticket', ({ ticket, swarmId, name, files }) => {
    const value = {
      swarmId,
      name,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      trackers: [{ host: '192.0.2.1', port: 4000 }],
      peers: [{ host: '2001:db8::1', port: 5000 }],
    };
    expect(parseTicket(ticket)).toEqual({ ok: true, value });
  });

  // How content-defined chunks are cut is another matter (cut points have vectors of their own).
  const evenSets = sets.filter(({ chunking }) => chunking.kind === 'fixed');
  test.skipIf(process.platform === 'win32').each(evenSets)('$description: the same from a disk', async (set) => {
    const root = join(temporaryFolder(), set.name);
    if (set.kind === 'folder') mkdirSync(root);
    for (const { path, bytes, executable } of set.files) {
      const at = set.kind === 'file' ? root : join(root, path);
      mkdirSync(dirname(at), { recursive: true });
      writeFileSync(at, patterned(bytes), { mode: executable ? 0o755 : 0o644 });
    }
    for (const path of set.emptyFolders) mkdirSync(join(root, path), { recursive: true });
    const { document } = await createManifest(root, { chunkBytes: largestChunk(set.chunking), hash: set.hash });
    expect(toHex(encodeHeader(document.header))).toBe(set.header);
    expect(document.swarmId).toBe(set.swarmId);
  });

  test('another implementation, from docs/manifest-format.md with the tools of the system, makes all of them', ({
    skip,
  }) => {
    for (const tool of ['python3', 'b3sum'])
      skip(spawnSync(tool, ['--version']).status !== 0, `there is no ${tool} here`);
    const program = fileURLToPath(new URL('./vectors/another.py', import.meta.url));
    expect(spawnSync('python3', [program], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });
});
