/** Settings under which a rollout with busy agents takes seconds. */
export const QUICK_SETTINGS = {
  weight: '50%',
  interval: '500ms',
  drain: { calls: '2s', sessions: '2s' },
  limits: { memory: '400MB' },
  minimum: { calls: 20, sessions: 2 },
  // On a busy machine the agents need longer for the least evidence.
  onInconclusive: 'extend',
} as const;
