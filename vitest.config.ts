import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.js';

const common = {
  // A bound for what hangs, not for what is slow: the waits inside have bounds of their own.
  testTimeout: 300_000,
  hookTimeout: 300_000,
};

export default defineConfig({
  test: {
    reporters: ['default'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...common,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // Half of their time they wait for windows, drains and daemons.
          maxWorkers: 4,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          // They wait for real servers more than they work.
          maxWorkers: 3,
          // No module has state of its own, so a file need not load all of them anew.
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
