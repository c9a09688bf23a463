// Draws the chunk map: a row for each peer, a column for each chunk, coloured by who gave it. One pixel a chunk, blown up:
// two hundred thousand chunks are one small image.

import { given, heldAnyhow, type Picture } from '../picture.ts';
import { colourOfPeer, css, mixed, packed } from './palette.ts';
import type { Frame } from './show.ts';
import { currentTheme, type Theme } from './theme.ts';

const gapFrom = 4; // cells of so many pixels are parted by lines

export class ChunkMap {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #small = document.createElement('canvas');
  #image: ImageData | undefined;
  #pixels = new Uint32Array();
  #colours = new Uint32Array();
  #theme: Theme = currentTheme();
  #scale = 1;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d')!;
  }

  resize(width: number, height: number, scale: number): void {
    this.#scale = scale;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
  }

  restyle(): void {
    this.#theme = currentTheme();
    this.#image = undefined;
  }

  /** The peer whose row is at this height, of so many. */
  peerAt(y: number, count: number): number | undefined {
    const row = Math.floor((y * this.#scale * count) / Math.max(1, this.#canvas.height));
    return row >= 0 && row < count ? row : undefined;
  }

  draw({ picture, reel, selected }: Frame): void {
    const context = this.#context;
    const { width, height } = this.#canvas;
    const rows = reel.front.peers.length;
    const columns = picture.content.chunkCount;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (rows === 0 || columns === 0) return;
    this.#fit(columns, rows);
    this.#paint(picture, columns);
    this.#small.getContext('2d')!.putImageData(this.#image!, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#small, 0, 0, columns, rows, 0, 0, width, height);
    this.#drawGaps(columns, rows);
    if (selected === undefined) return;
    context.strokeStyle = css(this.#theme.text);
    context.lineWidth = 2 * this.#scale;
    context.strokeRect(this.#scale, (selected * height) / rows, width - 2 * this.#scale, Math.max(3, height / rows));
  }

  #fit(columns: number, rows: number): void {
    if (this.#image?.width === columns && this.#image.height === rows) return;
    this.#small.width = columns;
    this.#small.height = rows;
    this.#image = new ImageData(columns, rows);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    this.#colours = new Uint32Array(given + rows);
    this.#colours[heldAnyhow] = packed(mixed(this.#theme.quiet, this.#theme.background, 0.35));
    this.#colours[0] = packed(this.#theme.track);
    for (let peer = 0; peer < rows; peer += 1) this.#colours[given + peer] = packed(colourOfPeer(peer, rows));
  }

  #paint({ peers }: Picture, columns: number): void {
    const pixels = this.#pixels;
    const colours = this.#colours;
    const asked = packed(mixed(this.#theme.track, this.#theme.quiet, 0.55));
    pixels.fill(colours[0]!);
    for (const [row, { givers, asks, cameAtMs }] of peers.entries()) {
      const start = row * columns;
      if (cameAtMs === undefined) continue;
      for (let chunk = 0; chunk < columns; chunk += 1) pixels[start + chunk] = colours[givers[chunk]!]!;
      for (const chunk of asks.keys()) pixels[start + chunk] = asked;
    }
  }

  #drawGaps(columns: number, rows: number): void {
    const { width, height } = this.#canvas;
    const context = this.#context;
    context.strokeStyle = css(this.#theme.background);
    context.lineWidth = this.#scale;
    context.beginPath();
    if (width / columns >= gapFrom * this.#scale)
      for (let column = 1; column < columns; column += 1) {
        const x = Math.round((column * width) / columns);
        context.moveTo(x, 0);
        context.lineTo(x, height);
      }
    if (height / rows >= gapFrom * this.#scale)
      for (let row = 1; row < rows; row += 1) {
        const y = Math.round((row * height) / rows);
        context.moveTo(0, y);
        context.lineTo(width, y);
      }
    context.stroke();
  }
}
