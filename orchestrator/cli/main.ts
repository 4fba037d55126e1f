#!/usr/bin/env node
/** The executable `canary`. */
import { runCli } from './program.js';
import { ioOf } from './terminal/streams.js';

// Whoever reads the output may leave before its end, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? process.exitCode : 1);
});
// What was begun is brought to its end, though the terminal was closed and nobody reads of it.
process.stderr.on('error', () => undefined);
process.exitCode = await runCli(process.argv.slice(2), ioOf(process));
