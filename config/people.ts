/** The settings of how people come into a rollout: how long it waits for one, and what another hand's doings mean. */
import { z } from 'zod';
import { overrides } from './overrides.js';
import { duration, oneOf } from './shapes.js';
import { MAX_DURATION_MS } from './units.js';

export const people = {
  promoteBy: z
    .union([z.null(), duration({ minMs: 1000, maxMs: MAX_DURATION_MS })])
    .optional()
    .describe('How long a gate, or a canary that passed, waits for a person. Null: for ever.'),
  onDeadline: oneOf(['rollback', 'promote', 'hold'])
    .optional()
    .describe(
      'What is done then. `promote` lets a gate go on to the next step, and promotes a canary that passed and still does.',
    ),
  overrides: overrides
    .optional()
    .describe('Clients that get the canary always or never. They are not compared by the judge.'),
  drift: oneOf(['pause', 'rollback', 'ignore'])
    .optional()
    .describe('What is done when somebody changes main or the canary with pm2 in mid-rollout.'),
};
