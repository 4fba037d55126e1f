/** The clock of all processes of the stage, PM2 included, jumps and is set right again. Agents must not notice. */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../fault.js';
import type { Theatre } from '../theatre.js';
import type { Injected } from './index.js';

export function setClock(
  { clockFile }: Theatre,
  { byMs, awayMs }: Extract<Fault, { kind: 'clock' }>,
): Injected {
  writeFileSync(clockFile, String(byMs));
  return {
    heal: async () => {
      await delay(awayMs);
      writeFileSync(clockFile, '0');
    },
    excuses: () => [],
  };
}
