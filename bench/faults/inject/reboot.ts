/** Everything dies at once, as in a power cut; PM2's start script then brings its dump back. */
import { setTimeout as delay } from 'node:timers/promises';
import { instanceLost, noInstance, proxyAway } from '../excuse.js';
import { nameOf, type Fault } from '../fault.js';
import { PATIENCE_MS, type Theatre } from '../theatre.js';
import type { Injected } from './index.js';

export async function reboot(
  theatre: Theatre,
  fault: Extract<Fault, { kind: 'reboot' }>,
): Promise<Injected | null> {
  const { pm2 } = theatre.stage;
  const daemon = pm2.daemonPid();
  if (daemon === null) return null;
  if (fault.saved) await pm2.pm2('save');
  const proxy = theatre.pid('proxy');
  const fromMs = Date.now();
  // The daemon goes first: it would start its apps again.
  for (const pid of [daemon, ...pm2.pids().filter((each) => each !== daemon)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      continue; // It has just ended by itself.
    }
  }
  let toMs = Infinity;
  return {
    heal: async () => {
      await delay(fault.awayMs);
      await theatre.resurrect();
      await theatre.untilServing(proxy);
      toMs = Date.now();
    },
    excuses: () => [
      ...proxyAway(fromMs, toMs, nameOf(fault)),
      instanceLost(fromMs, toMs, nameOf(fault)),
      noInstance(fromMs, PATIENCE_MS, nameOf(fault)),
    ],
  };
}
