import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real daemons and servers share two cores: two files at a time keep waits honest.
    maxWorkers: 2,
    reporters: ['default'],
  },
});
