import { defineConfig } from 'vitest/config';

/** The runs that take too long for every test run: `npm run test:model`, `npm run test:fuzz`. */
export default defineConfig({
  test: {
    include: ['test/**/*.full.ts'],
    testTimeout: 3_600_000,
    maxWorkers: 1,
    reporters: ['default'],
  },
});
