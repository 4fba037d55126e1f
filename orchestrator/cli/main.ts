#!/usr/bin/env node
/** The executable `canary`. */
import { runCli } from './program.js';

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  env: process.env,
  cwd: process.cwd(),
  color: process.stderr.isTTY && !process.env['NO_COLOR'],
});
