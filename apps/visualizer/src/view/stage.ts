// Draws the swarm: peers with what they hold, links between them, chunks on their way.

import type { Flight } from '../flights.ts';
import { given, notHeld, type PeerPicture, type Picture } from '../picture.ts';
import { type Arrangement, arrange, type ArrangementName, namedMost, type Place } from './arrangement.ts';
import { chunkColours, colourOfPeer, css, mixed, type Rgb, vermilion } from './palette.ts';
import type { Artist, Layer } from './drawing.tsx';
import type { Frame } from './show.ts';
import { currentTheme, prefersCalm, type Theme } from './theme.ts';

export interface StageOptions {
  readonly arrangement: ArrangementName;
  /** Few chunks, each with its own colour, are shown one by one; else a chunk has the colour of who gave it. */
  readonly byChunk: boolean;
}

const trainMost = 12; // up to so many peers a chunk is a train of packets, then a single dot
const packetsPerTrain = 10;
const linkStepMs = 200;
const shadesMost = 40;
const hubFactor = 1.35; // so much larger is the owner
const leapMs = 1_000; // of the swarm's time: further on, nothing is as it was

/** From below: links, chunks on their way, peers. */
export const stageLayers = 3;

/** In a large swarm what peers hold is drawn this often. */
export const unhurried = ({ picture }: Frame): number => (picture.peers.length > namedMost ? 60 : 0);

export class Stage implements Artist {
  readonly layers: readonly Layer[] = [
    { draw: (frame) => this.#drawLinks(frame), stepMs: () => linkStepMs },
    { draw: (frame) => this.#drawFlights(frame) },
    { draw: (frame) => this.#drawPeers(frame), stepMs: unhurried },
  ];
  readonly #contexts: readonly CanvasRenderingContext2D[];
  readonly #options: StageOptions;
  #linksDrawn = '';
  /** Of a large swarm: how each peer was drawn last, by its number; and when, under which circumstances. */
  #looks: number[] = [];
  #peersDrawn = '';
  #peersDrawnMs = 0;
  #theme: Theme = currentTheme();
  #isCalm: boolean = prefersCalm();
  #arrangement: Arrangement = { places: [], radius: 1 };
  #arranged = '';
  #width = 0;
  #height = 0;
  #scale = 1;

  constructor(canvases: readonly HTMLCanvasElement[], options: StageOptions) {
    this.#contexts = canvases.map((canvas) => canvas.getContext('2d')!);
    this.#options = options;
  }

  /** In pixels of the page. */
  resize(width: number, height: number, scale: number): void {
    [this.#width, this.#height, this.#scale] = [width, height, scale];
    for (const { canvas } of this.#contexts) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    this.#linksDrawn = this.#peersDrawn = '';
  }

  restyle(): void {
    this.#theme = currentTheme();
    this.#isCalm = prefersCalm();
    this.#linksDrawn = this.#peersDrawn = '';
  }

  /** The peer at a place of the page, if there is one. */
  pick(x: number, y: number): number | undefined {
    const reach = Math.max(12, this.#arrangement.radius * 1.2);
    const index = this.#arrangement.places.findIndex((place) => Math.hypot(place.x - x, place.y - y) <= reach);
    return index < 0 ? undefined : index;
  }

  /** The layer, empty unless it is to be kept, with places for everybody who will ever come. */
  #begin(layer: number, { reel }: Frame, isKept = false): CanvasRenderingContext2D {
    const count = reel.front.peers.length;
    const wanted = `${count} ${this.#width} ${this.#height}`;
    if (wanted !== this.#arranged)
      this.#arrangement = arrange(this.#options.arrangement, count, this.#width, this.#height);
    this.#arranged = wanted;
    const context = this.#contexts[layer]!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (!isKept) context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
    return context;
  }

  #drawLinks(frame: Frame): void {
    const { picture, reel, selected } = frame;
    const wanted = `${picture.links.size} ${selected} ${reel.front.peers.length}`;
    if (wanted === this.#linksDrawn) return;
    this.#linksDrawn = wanted;
    const context = this.#begin(0, frame);
    const { byChunk } = this.#options;
    const pairs = Math.max(1, picture.links.size / 2);
    context.lineWidth = byChunk ? 2 : 1;
    context.strokeStyle = css(this.#theme.quiet, Math.max(0.05, Math.min(byChunk ? 0.35 : 0.28, 24 / pairs)));
    context.beginPath();
    for (const { peer, remote } of picture.links.values()) {
      if (selected !== undefined && (peer === selected || remote === selected)) continue;
      if (peer < remote || picture.linkBetween(remote, peer) === undefined) this.#line(context, peer, remote);
    }
    context.stroke();
    if (selected === undefined) return;
    context.strokeStyle = css(this.#theme.text, 0.45);
    context.beginPath();
    for (const { peer, remote } of picture.links.values()) if (peer === selected) this.#line(context, peer, remote);
    context.stroke();
  }

  #line(context: CanvasRenderingContext2D, from: number, to: number): void {
    const { places } = this.#arrangement;
    context.moveTo(places[from]!.x, places[from]!.y);
    context.lineTo(places[to]!.x, places[to]!.y);
  }

  #drawFlights(frame: Frame): void {
    const { picture, ms, reel, selected } = frame;
    const context = this.#begin(1, frame);
    const count = picture.peers.length;
    const byColour = new Map<string, Flight[]>();
    reel.flights.at(ms, (flight) => {
      if (selected !== undefined && flight.from !== selected && flight.to !== selected) return;
      const colour = css(this.#flightColour(flight, count));
      const known = byColour.get(colour);
      if (known === undefined) byColour.set(colour, [flight]);
      else known.push(flight);
    });
    const radius = count <= trainMost ? 4.5 : count <= namedMost ? 3 : 2.2;
    for (const [colour, flights] of byColour) {
      context.strokeStyle = colour;
      context.globalAlpha = this.#isCalm ? 0.9 : 0.35;
      context.lineWidth = this.#isCalm ? 3 : count <= namedMost ? 1.5 : 1;
      context.beginPath();
      for (const { from, to } of flights) this.#line(context, from, to);
      context.stroke();
      context.globalAlpha = 1;
      if (this.#isCalm) continue;
      context.fillStyle = colour;
      context.beginPath();
      for (const flight of flights) this.#packets(context, flight, ms, count <= trainMost, radius);
      context.fill();
    }
  }

  #flightColour({ chunk, from, isDamaged }: Flight, count: number): Rgb {
    if (isDamaged) return this.#theme.text;
    if (this.#options.byChunk) return chunkColour(chunk);
    const alike = Math.ceil(count / shadesMost); // every colour is drawn by itself
    return colourOfPeer(from === 0 ? 0 : Math.max(1, from - (from % alike)), count);
  }

  /** A train leaves one packet after another, evenly, and the last one arrives when the chunk does. */
  #packets(
    context: CanvasRenderingContext2D,
    { from, to, startMs, endMs }: Flight,
    ms: number,
    isTrain: boolean,
    radius: number,
  ): void {
    const [start, end] = [this.#arrangement.places[from]!, this.#arrangement.places[to]!];
    const part = (ms - startMs) / Math.max(1, endMs - startMs);
    if (!isTrain) return dot(context, start, end, part, radius);
    const travel = 0.45; // of the flight, that one packet takes
    for (let i = 0; i < packetsPerTrain; i += 1) {
      const at = (part - ((1 - travel) * i) / (packetsPerTrain - 1)) / travel;
      if (at >= 0 && at <= 1) dot(context, start, end, at, radius);
    }
  }

  /** In a large swarm, time going on, only those who look otherwise than before. */
  #drawPeers(frame: Frame): void {
    const { picture, selected, reel, ms } = frame;
    const isLarge = !this.#options.byChunk && picture.peers.length > namedMost;
    const wanted = isLarge && selected === undefined ? `${picture.peers.length} ${reel.front.peers.length}` : '';
    const isNext = ms >= this.#peersDrawnMs && ms < this.#peersDrawnMs + leapMs;
    const isKept = wanted !== '' && wanted === this.#peersDrawn && isNext;
    [this.#peersDrawn, this.#peersDrawnMs] = [wanted, ms];
    if (!isKept) this.#looks = [];
    const context = this.#begin(2, frame, isKept);
    for (const [number, peer] of picture.peers.entries()) {
      const look = this.#lookOf(peer);
      if (isKept && look === this.#looks[number]) continue;
      if (isKept) this.#clear(context, number, peer);
      this.#looks[number] = look;
      if (peer.cameAtMs !== undefined) this.#drawPeer(number, peer, picture, selected);
    }
  }

  #clear(context: CanvasRenderingContext2D, number: number, { role }: PeerPicture): void {
    const place = this.#arrangement.places[number];
    if (place === undefined) return;
    const reach = this.#arrangement.radius * (number === 0 ? hubFactor : 1) + (role === 'liar' ? 5 : 2);
    context.clearRect(place.x - reach, place.y - reach, 2 * reach, 2 * reach);
  }

  /** A number that is another when the peer's donut would be, by half a pixel of it or more. */
  #lookOf({ cameAtMs, role, heldCount, fromOwner, givers }: PeerPicture): number {
    if (cameAtMs === undefined) return -1;
    const steps = Math.ceil(4 * Math.PI * this.#arrangement.radius * this.#scale);
    const chunks = Math.max(1, givers.length);
    const shown = Math.floor((heldCount * steps) / chunks) * (steps + 1) + Math.floor((fromOwner * steps) / chunks);
    return 2 * shown + (role === 'liar' ? 1 : 0);
  }

  #drawPeer(number: number, peer: PeerPicture, picture: Picture, selected: number | undefined): void {
    const place = this.#arrangement.places[number];
    if (place === undefined) return;
    const context = this.#contexts[2]!;
    const isDim = selected !== undefined && selected !== number && picture.linkBetween(selected, number) === undefined;
    context.globalAlpha = isDim ? 0.35 : 1;
    if (this.#options.byChunk) this.#drawCard(place, peer, number === selected);
    else this.#drawDonut(place, number, peer, picture, number === selected);
    if (this.#options.byChunk || picture.peers.length <= namedMost) this.#drawLabel(place, number, peer);
    context.globalAlpha = 1;
  }

  /** Few chunks, two in a row. */
  #drawCard({ x, y }: Place, peer: PeerPicture, isSelected: boolean): void {
    const context = this.#contexts[2]!;
    const { radius } = this.#arrangement;
    const isComplete = peer.heldCount === peer.givers.length && peer.heldCount > 0;
    context.fillStyle = css(this.#theme.surface);
    context.strokeStyle = css(isSelected || isComplete ? this.#theme.text : this.#theme.quiet, isComplete ? 0.9 : 0.5);
    context.lineWidth = isComplete ? 2.5 : 1.5;
    context.beginPath();
    context.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, radius * 0.22);
    context.fill();
    context.stroke();
    const columns = Math.ceil(Math.sqrt(peer.givers.length));
    const pitch = (1.64 * radius) / columns;
    const [left, top] = [x - 0.82 * radius, y - 0.82 * radius];
    for (const [chunk, giver] of peer.givers.entries()) {
      context.fillStyle = giver === notHeld ? css(this.#theme.track) : css(chunkColour(chunk));
      context.beginPath();
      const [column, row] = [chunk % columns, Math.floor(chunk / columns)];
      context.roundRect(
        left + column * pitch + pitch * 0.06,
        top + row * pitch + pitch * 0.06,
        pitch * 0.88,
        pitch * 0.88,
        pitch * 0.14,
      );
      context.fill();
    }
  }

  /** A ring of all chunks, coloured by who gave them; its middle fills when the peer is complete. */
  #drawDonut({ x, y }: Place, number: number, peer: PeerPicture, picture: Picture, isSelected: boolean): void {
    const context = this.#contexts[2]!;
    const count = picture.peers.length;
    const own = colourOfPeer(number, count);
    const isOwner = peer.role === 'owner';
    const radius = this.#arrangement.radius * (isOwner && number === 0 ? hubFactor : 1);
    const isComplete = peer.heldCount > 0 && peer.heldCount === peer.givers.length;
    const thickness = Math.max(2, radius * 0.34);
    const middle = radius - thickness / 2;
    context.fillStyle = css(isComplete ? own : mixed(own, this.#theme.surface, 0.82));
    disc(context, x, y, radius);
    context.fill();
    context.lineWidth = thickness;
    if (!isComplete) {
      context.strokeStyle = css(this.#theme.track);
      disc(context, x, y, middle);
      context.stroke();
    }
    if (!isOwner) this.#drawArcs(x, y, middle, peer, picture);
    if (peer.role === 'liar' || isSelected) {
      context.strokeStyle = css(peer.role === 'liar' ? vermilion : this.#theme.text);
      context.lineWidth = Math.max(1.5, radius * 0.12);
      if (peer.role === 'liar') context.setLineDash([3, 3]);
      disc(context, x, y, radius + 3);
      context.stroke();
      context.setLineDash([]);
    }
  }

  #drawArcs(x: number, y: number, middle: number, peer: PeerPicture, picture: Picture): void {
    const context = this.#contexts[2]!;
    const count = peer.givers.length;
    const step = (2 * Math.PI) / Math.max(1, count);
    const isFine = middle < 12 || count > 250;
    const runs = isFine ? sortedRuns(peer, picture) : runsOf(peer);
    for (const { first, end, giver } of runs) {
      context.strokeStyle = css(giver < given ? this.#theme.quiet : colourOfPeer(giver - given, picture.peers.length));
      context.beginPath();
      context.arc(x, y, middle, first * step - Math.PI / 2, end * step - Math.PI / 2);
      context.stroke();
    }
  }

  #drawLabel({ x, y, nameX, nameY }: Place, number: number, peer: PeerPicture): void {
    if (nameX === 0 && nameY === 0) return;
    const context = this.#contexts[2]!;
    const isCard = this.#options.byChunk;
    const away = this.#arrangement.radius * (number === 0 && !isCard ? hubFactor : 1) + (isCard ? 8 : 7);
    context.font = `${number === 0 ? 600 : 500} ${isCard ? 15 : 12}px system-ui, sans-serif`;
    context.textAlign = nameX > 0.3 ? 'left' : nameX < -0.3 ? 'right' : 'center';
    context.textBaseline = nameY > 0.5 ? 'top' : nameY < -0.5 ? 'bottom' : 'middle';
    context.fillStyle = css(this.#theme.text, 0.85);
    context.fillText(shortened(peer.label), x + nameX * away, y + nameY * away);
  }
}

interface Run {
  readonly first: number;
  readonly end: number;
  readonly giver: number;
}

/** Chunks in their order, those from one giver that follow one another together. */
function runsOf({ givers }: PeerPicture): Run[] {
  const runs: Run[] = [];
  for (let first = 0; first < givers.length;) {
    const giver = givers[first]!;
    let end = first + 1;
    while (end < givers.length && givers[end] === giver) end += 1;
    if (giver !== notHeld) runs.push({ first, end, giver });
    first = end;
  }
  return runs;
}

/** Where single chunks would be too small to see: what came from owners, then what came from others. */
const sortedRuns = ({ fromOwner, heldCount }: PeerPicture, { peers }: Picture): Run[] =>
  [
    { first: 0, end: fromOwner, giver: given },
    { first: fromOwner, end: heldCount, giver: given + (peers.length >> 1) },
  ].filter(({ first, end }) => end > first);

const chunkColour = (chunk: number): Rgb => chunkColours[chunk % chunkColours.length]!;

const labelCharactersMax = 18;
const shortened = (label: string): string =>
  label.length > labelCharactersMax ? `${label.slice(0, labelCharactersMax - 1)}…` : label;

function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

function dot(context: CanvasRenderingContext2D, from: Place, to: Place, part: number, radius: number): void {
  const x = from.x + (to.x - from.x) * part;
  const y = from.y + (to.y - from.y) * part;
  context.moveTo(x + radius, y);
  context.arc(x, y, radius, 0, 2 * Math.PI);
}
