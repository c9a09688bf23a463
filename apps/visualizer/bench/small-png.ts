// A screenshot as a small PNG: at most 256 colours, an index a pixel. The browser that took it reads it.

import { crc32, deflateSync } from 'node:zlib';
import type { Page } from 'playwright-core';

export async function smallPng(page: Page, png: Buffer): Promise<Buffer> {
  const { width, height, text } = await page.evaluate(readPixels, png.toString('base64'));
  const { palette, indices } = withFewColours(new Uint32Array(Uint8Array.from(Buffer.from(text, 'latin1')).buffer));
  const lines = Buffer.alloc(height * (width + 1)); // each begins with a 0: no filter
  for (let y = 0; y < height; y += 1) lines.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // eight bits, by palette
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap((colour) => [part(colour, 0), part(colour, 8), part(colour, 16)]))),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** In any page: its pixels, four bytes each, as characters. */
async function readPixels(base64: string): Promise<{ width: number; height: number; text: string }> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes]));
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(bitmap, 0, 0);
  let text = '';
  for (const byte of context.getImageData(0, 0, width, height).data) text += String.fromCharCode(byte);
  return { width, height, text };
}

const part = (colour: number, at: number): number => (colour >> at) & 255;
const coarse = (pixel: number): number => pixel & 0xf8f8f8;
const apart = (a: number, b: number): number =>
  [0, 8, 16].reduce((sum, at) => sum + (part(a, at) - part(b, at)) ** 2, 0);

/** The most usual colours; the others become what is nearest. */
function withFewColours(pixels: Uint32Array): { readonly palette: readonly number[]; readonly indices: Uint8Array } {
  const counts = new Map<number, { count: number; readonly first: number }>();
  for (const pixel of pixels) {
    const known = counts.get(coarse(pixel));
    if (known === undefined) counts.set(coarse(pixel), { count: 1, first: pixel & 0xffffff });
    else known.count += 1;
  }
  const ranked = Array.from(counts).toSorted((a, b) => b[1].count - a[1].count);
  const palette = ranked.slice(0, 256).map(([, { first }]) => first);
  const indexOf = new Map(
    ranked.map(([colour], i) => {
      if (i < palette.length) return [colour, i] as const;
      const distances = palette.map((one) => apart(one, colour));
      return [colour, distances.indexOf(Math.min(...distances))] as const;
    }),
  );
  return { palette, indices: Uint8Array.from(pixels, (pixel) => indexOf.get(coarse(pixel))!) };
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
