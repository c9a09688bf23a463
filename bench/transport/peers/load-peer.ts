// Packages of the benchmark project may be missing, and have no types here: each adapter names the few calls it makes.

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../package.json', import.meta.url));

/** The package's module. Throws where it is not installed or does not load. */
export const loadPeer = (name: string): unknown => require(name);

/** Asked of the system for every UDP socket, as ours does. It may grant less. */
export const socketBufferBytes = 4 * 2 ** 20;
