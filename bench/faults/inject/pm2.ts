/** Another hand's pm2 commands in mid-rollout. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { instanceLost, noInstance } from '../excuse.js';
import { nameOf, type Fault } from '../fault.js';
import { CANARY, PATIENCE_MS, SERVICE, type Theatre } from '../theatre.js';
import type { Injected } from './index.js';

export async function byAnotherHand(
  theatre: Theatre,
  fault: Extract<Fault, { kind: 'pm2' }>,
): Promise<Injected | null> {
  const { command, target, awayMs } = fault;
  const { pm2 } = theatre.stage;
  if (theatre.pid(target) === null || theatre.pid('daemon') === null) return null;
  const name = target === 'main' ? SERVICE : CANARY;
  const fromMs = Date.now();
  // It may have been removed meanwhile.
  await pm2.pm2(command, name).catch(() => undefined);
  let toMs = Infinity;
  let replacedAtMs = 0;
  const heal = async (): Promise<void> => {
    if (target === 'main' && (command === 'stop' || command === 'delete')) {
      await delay(awayMs);
      if (command === 'delete') replacedAtMs = Date.now();
      const what = command === 'stop' ? SERVICE : join(pm2.dir, `${SERVICE}.json`);
      await pm2.pm2('start', what);
    }
    toMs = Date.now();
  };
  const because = nameOf(fault);
  return {
    heal,
    mainReplacedAtMs: () => replacedAtMs,
    excuses: () => [instanceLost(fromMs, toMs, because), noInstance(fromMs, PATIENCE_MS, because)],
  };
}
