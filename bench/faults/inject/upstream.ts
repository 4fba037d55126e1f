/** Main and the canary become bad peers for a while. */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { instanceLost, noInstance } from '../excuse.js';
import { nameOf, type Fault } from '../fault.js';
import { CALL_TIMEOUT_MS, type Theatre } from '../theatre.js';
import type { Injected } from './index.js';

export function spoilUpstream(
  { upstreamFile }: Theatre,
  fault: Extract<Fault, { kind: 'upstream' }>,
): Injected {
  const fromMs = Date.now();
  writeFileSync(upstreamFile, fault.how);
  let toMs = Infinity;
  return {
    heal: async () => {
      await delay(fault.awayMs);
      writeFileSync(upstreamFile, '');
      toMs = Date.now();
    },
    // A call that nobody answers is ended after its time-out, or with the instance.
    excuses: () => [
      instanceLost(fromMs, toMs, nameOf(fault)),
      noInstance(fromMs, CALL_TIMEOUT_MS, nameOf(fault)),
    ],
  };
}
