import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A bound for what hangs, not for what is slow: the waits inside have bounds of their own.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Real daemons and servers share two cores: two files at a time keep waits honest.
    maxWorkers: 2,
    reporters: ['default'],
  },
});
