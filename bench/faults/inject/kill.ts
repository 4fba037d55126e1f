/** SIGKILL of one of the processes. PM2 starts its apps again; PM2 itself is started by the operator. */
import { setTimeout as delay } from 'node:timers/promises';
import { instanceLost, noInstance, proxyAway, type Excuse } from '../excuse.js';
import type { Fault, Target } from '../fault.js';
import { PATIENCE_MS, type Theatre } from '../theatre.js';
import type { Injected } from './index.js';

type Kill = Extract<Fault, { kind: 'kill' }>;

export function kill(theatre: Theatre, fault: Kill): Injected | null {
  const pid = theatre.pid(fault.target);
  if (pid === null) return null;
  const proxy = theatre.pid('proxy');
  const fromMs = Date.now();
  process.kill(pid, 'SIGKILL');
  if (fault.target === 'daemon') return daemonLost(theatre, fault, { fromMs, proxy });
  let toMs = Infinity;
  return {
    heal: async () => {
      if (fault.target === 'proxy' || fault.target === 'holder') await theatre.untilServing(proxy);
      toMs = Date.now();
    },
    excuses: () => excusesOf(fault.target, fromMs, toMs),
  };
}

/** Node apps end with their daemon (PM2's module in them sees to it): main and the canary too. */
export function daemonLost(
  theatre: Theatre,
  { awayMs }: Pick<Fault, 'awayMs'>,
  { fromMs, proxy }: { readonly fromMs: number; readonly proxy: number | null },
): Injected {
  let startedMs = Infinity;
  let toMs = Infinity;
  return {
    heal: async () => {
      await delay(awayMs);
      startedMs = Date.now();
      await theatre.resurrect();
      await theatre.untilServing(proxy);
      toMs = Date.now();
    },
    excuses: () => [
      instanceLost(fromMs, toMs, 'the daemon ended'),
      noInstance(fromMs, PATIENCE_MS, 'the daemon ended'),
      // The old proxy, an orphan, gives way to the new one.
      ...proxyAway(startedMs, toMs, 'the proxy hands over'),
    ],
  };
}

function excusesOf(target: Target, fromMs: number, toMs: number): Excuse[] {
  const because = `kill ${target}`;
  switch (target) {
    case 'orchestrator':
    case 'daemon':
      return [];
    case 'proxy':
    case 'holder':
      return proxyAway(fromMs, toMs, because);
    case 'canary':
    case 'main':
      return [instanceLost(fromMs, fromMs, because), noInstance(fromMs, PATIENCE_MS, because)];
  }
}
