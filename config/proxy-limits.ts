/** What a service's proxy bears, as it stands in canary.yaml. */
import { count, duration } from './shapes.js';

export const proxyLimits = {
  bodyTimeout: duration({ minMs: 1000, maxMs: 3_600_000 })
    .optional()
    .describe(
      "A request whose body takes longer is refused; on other paths than MCP's: one whose body stands still for as long.",
    ),
  maxWaiting: count(1, 1_000_000)
    .optional()
    .describe(
      'The most calls that wait for an instance which cannot be reached; others are refused at once.',
    ),
  patience: duration({ minMs: 100, maxMs: 600_000 })
    .optional()
    .describe('How long such a call waits, over all its tries, e.g. while main restarts.'),
};
