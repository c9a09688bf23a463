// A short storm of hostile datagrams; the long one is `npm run bench -- transport/fuzz`.

import { describe, expect, test } from 'vitest';
import { Storm } from './fuzz/storm.ts';

describe('a storm of hostile datagrams', () => {
  test.each(['1', '2', '3', '4'])('throws nothing, and is over when it is over (seed %s)', (seed) => {
    const storm = new Storm(seed);
    storm.run(8_000);
    storm.heal();
    expect(storm.answered).toBeGreaterThan(1); // at least one meanwhile, and one afterwards
    expect(storm.answeredMost).toBeLessThanOrEqual(3);
  });
});
