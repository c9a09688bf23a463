// What `download.ts` downloads: files of all sizes, in many chunks.

import { type SampleSet, sampleSet } from '../../../src/testing/index.ts';

export const slowSet = (): SampleSet =>
  sampleSet([700_000, 0, 1_300_001, ...Array.from({ length: 300 }, (_, index) => index * 20)], 2000);
