// The classic scene: one server, four clients, a file of four parts. Only its circumstances are chosen: a server with a
// slow uplink that sends two parts at once, clients that pass on much faster, and the seed by which green and yellow come
// first. The first client to be linked would be promised three parts before the others are there; it starts once more,
// so that the server begins when it knows all four.

import { defaultSettings } from './settings.ts';
import type { Scene } from './simulated-swarm.ts';

/** Part i has colour i of the palette. */
export const partNames: readonly string[] = ['Blue', 'Green', 'Red', 'Yellow'];

export const classicScene: Scene = {
  settings: { ...defaultSettings, peers: 5, chunks: 4, ownerMbit: 8, peerMbit: 40, delayMs: 5, seed: '30' },
  name: 'four parts',
  chunkBytes: 1_048_576,
  restart: { peer: 1, atMs: 100 },
  words: { owner: 'Server', receiver: 'Client' },
};
