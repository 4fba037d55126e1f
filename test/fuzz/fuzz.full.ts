/** `npm run test:fuzz`: the fuzz run with the figures of docs/reliability.md; `INPUTS` says how many, `SEED` repeats a run. */
import fc from 'fast-check';
import { it } from 'vitest';
import { TARGETS } from './all.js';

const INPUTS = Number(process.env['INPUTS'] ?? 300_000);
const SEED = process.env['SEED'];
if (SEED !== undefined) fc.configureGlobal({ seed: Number(SEED) });

it.each(TARGETS)('$name', async ({ name, share, fuzz }) => {
  const inputs = Math.ceil(INPUTS * share);
  await fuzz(inputs);
  process.stdout.write(`${name}: ${inputs} inputs\n`);
});
