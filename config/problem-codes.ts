/**
 * The codes of everything that can be wrong with a file. They are stable: docs/errors.md tells each
 * one's cause and what to do, and messages may change around them.
 */
export const PROBLEM_CODES = [
  // The file
  'unreadable-file',
  'not-yaml',
  'empty-file',
  // A key and its value
  'duplicate-key',
  'unknown-key',
  'bad-name',
  'missing-value',
  'bad-value',
  // Keys that do not fit each other
  'two-forms',
  'port-clash',
  'app-clash',
  'unknown-reference',
  'short-max-window',
  'descending-steps',
  'gate-at-the-end',
  'port-overridden',
  'probe-without-path',
  'baseline-without-address',
  'release-without-prepare',
  'unknown-placeholder',
  'pins-without-dependencies',
  'mcp-check-without-mcp',
  'repeated-service',
  'service-in-two-groups',
  'schedule-target',
  'schedule-never-runs',
  'release-misfit',
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];
