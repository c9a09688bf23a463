import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decode } from '@msgpack/msgpack';
import { fromHex, toHex } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { pureHashes } from '../src/hash.ts';
import { encodeManifest, layoutOf, type Manifest } from '../src/manifest.ts';
import { decodeDocument, makeDocument } from '../src/manifest-document.ts';
import { createManifest } from '../src/node/create-manifest.ts';
import { parseTicket } from '../src/ticket.ts';
import { temporaryFolder } from './node/temporary.ts';
import { patterned, type VectorSet } from './vector-sets.ts';
import vectors from './vectors/file-sets.json' with { type: 'json' };

const sets = vectors.sets as readonly VectorSet[];
const ofFiles = (set: VectorSet): Uint8Array => Buffer.concat(set.files.map(({ bytes }) => patterned(bytes)));

describe('golden vectors', () => {
  test.each(sets)('$description', (set) => {
    const layout = layoutOf(set);
    const content = ofFiles(set);
    const digests = set.chunkDigests.map((_, chunk) => {
      const start = layout.chunkStart(chunk);
      return pureHashes[set.hash].digest(content.subarray(start, start + layout.sizeOfChunk(chunk)));
    });
    expect(digests.map(toHex)).toEqual(set.chunkDigests);
    const made = makeDocument(set, new Uint8Array(Buffer.concat(digests)), pureHashes);
    const { value: document } = made as typeof made & { ok: true };
    expect(toHex(document.manifest.root)).toBe(set.root);
    expect(toHex(encodeManifest(document.manifest))).toBe(set.manifest);
    expect(document.swarmId).toBe(set.swarmId);
    expect(toHex(pureHashes.blake3.digest(fromHex(set.manifest)!))).toBe(set.swarmId);
    const head = fromHex(set.manifest)!;
    const length = Uint8Array.of(0, 0, head.length >> 8, head.length & 255);
    const blob = new Uint8Array(Buffer.concat([length, head, ...set.chunkDigests.map((digest) => fromHex(digest)!)]));
    expect(decodeDocument(blob, { expected: document.swarmId, hashes: pureHashes })).toMatchObject({ ok: true });
  });

  test.each(sets)('$description: what another msgpack library reads in it', (set) => {
    const manifest = decode(fromHex(set.manifest)!) as unknown[];
    expect(manifest).toEqual([
      1,
      set.kind === 'folder',
      set.name,
      set.hash,
      set.chunkBytes,
      set.files.map(({ path, bytes, executable }) => [path, bytes, executable]),
      set.emptyFolders,
      fromHex(set.root),
    ]);
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

  test.skipIf(process.platform === 'win32').each(sets)('$description: the same from a disk', async (set) => {
    const root = join(temporaryFolder(), set.name);
    if (set.kind === 'folder') mkdirSync(root);
    for (const { path, bytes, executable } of set.files) {
      const at = set.kind === 'file' ? root : join(root, path);
      mkdirSync(dirname(at), { recursive: true });
      writeFileSync(at, patterned(bytes), { mode: executable ? 0o755 : 0o644 });
    }
    for (const path of set.emptyFolders) mkdirSync(join(root, path), { recursive: true });
    const options: Pick<Manifest, 'chunkBytes' | 'hash'> = set;
    const { document } = await createManifest(root, options);
    expect(toHex(encodeManifest(document.manifest))).toBe(set.manifest);
    expect(document.swarmId).toBe(set.swarmId);
  });
});
