/** SIGSTOP and SIGCONT: a process that hangs, with its sockets open. */
import { setTimeout as delay } from 'node:timers/promises';
import { instanceLost, noInstance, type Excuse } from '../excuse.js';
import type { Fault } from '../fault.js';
import { CALL_TIMEOUT_MS, type Theatre } from '../theatre.js';
import { instanceOf, isAlive } from '../../../orchestrator/proc/tree.js';
import type { Injected } from './index.js';

export function stop(
  theatre: Theatre,
  { target, awayMs }: Extract<Fault, { kind: 'stop' }>,
): Injected | null {
  const pid = theatre.pid(target);
  const life = pid === null ? null : instanceOf(pid);
  if (life === null) return null;
  const fromMs = Date.now();
  process.kill(life.pid, 'SIGSTOP');
  let toMs = Infinity;
  const excuses = (): Excuse[] => {
    if (target !== 'main' && target !== 'canary') return [];
    const because = `stop ${target}`;
    // PM2 can end it while it hangs, with what it carries.
    return [instanceLost(fromMs, toMs, because), noInstance(fromMs, CALL_TIMEOUT_MS, because)];
  };
  return {
    heal: async () => {
      await delay(awayMs);
      if (isAlive(life)) process.kill(life.pid, 'SIGCONT');
      toMs = Date.now();
    },
    excuses,
  };
}
