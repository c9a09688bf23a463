// The cases by the names of the command line.

import { bulk } from './bulk.ts';
import type { Case } from './case.ts';
import { fairness } from './fairness.ts';
import { idle } from './idle.ts';
import { roundTrip } from './round-trip.ts';
import { shortStreams } from './short-streams.ts';
import { timeline } from './timeline.ts';

export const cases = {
  bulk,
  'round-trip': roundTrip,
  'short-streams': shortStreams,
  idle,
  fairness,
  timeline,
} satisfies Record<string, Case>;

export type CaseName = keyof typeof cases;
