import { defineConfig, mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

// Most tests here start processes, which take seconds on a busy machine.
export default mergeConfig(shared, defineConfig({ test: { name: 'cli', testTimeout: 60_000 } }));
