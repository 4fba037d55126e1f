/** Main and the canary become bad peers for a while. */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { noInstance } from '../excuse.js';
import { nameOf, type Fault } from '../fault.js';
import { CALL_TIMEOUT_MS, type Theatre } from '../theatre.js';
import type { Injected } from './index.js';

export function spoilUpstream(
  { upstreamFile }: Theatre,
  fault: Extract<Fault, { kind: 'upstream' }>,
): Injected {
  const fromMs = Date.now();
  writeFileSync(upstreamFile, fault.how);
  return {
    heal: async () => {
      await delay(fault.awayMs);
      writeFileSync(upstreamFile, '');
    },
    // A call that nobody answers is ended after its time-out.
    excuses: () => [noInstance(fromMs, CALL_TIMEOUT_MS, nameOf(fault))],
  };
}
