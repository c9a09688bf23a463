#!/usr/bin/env node
// The `shoal` program: hands its arguments to the command line.

import { main } from './program.ts';

await main(process.argv.slice(2));
