// What a sandbox shows: the settings, with chunks of the size that shoal cuts small files into.

import { settingsToQuery, type Settings } from './settings.ts';
import type { Scene } from './simulated-swarm.ts';

const chunkBytes = 102_400;

export const sandboxScene = (settings: Settings): Scene => ({
  settings,
  name: settingsToQuery(settings) || 'a usual swarm',
  chunkBytes,
});
