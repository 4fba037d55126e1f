/** A short fuzz run; `npm run test:fuzz` takes 300,000 inputs. */
import { it } from 'vitest';
import { TARGETS } from './all.js';

const INPUTS = 4_000;

it.each(TARGETS)('$name', async ({ share, fuzz }) => {
  await fuzz(Math.ceil(INPUTS * share));
});
