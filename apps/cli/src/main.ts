#!/usr/bin/env node
// The `shoal` program: hands its arguments to the command line and keeps the start quick.

import { enableCompileCache } from 'node:module';
import { main } from './program.ts';

enableCompileCache();
await main(process.argv.slice(2));
