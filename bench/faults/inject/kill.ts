/** SIGKILL of one of the processes. PM2 starts its apps again; PM2 itself is started by the operator. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Excuse } from '../excuse.js';
import type { Fault, Target } from '../fault.js';
import { PATIENCE_MS, type Theatre } from '../theatre.js';
import type { Injected } from './index.js';

type Kill = Extract<Fault, { kind: 'kill' }>;

/** What was under way at a kill has been answered by then. */
const ANSWERED_MS = 3_000;

export function kill(theatre: Theatre, fault: Kill): Injected | null {
  const pid = theatre.pid(fault.target);
  if (pid === null) return null;
  const proxy = theatre.pid('proxy');
  const fromMs = Date.now();
  process.kill(pid, 'SIGKILL');
  if (fault.target === 'daemon') return killedDaemon(theatre, fault, { fromMs, proxy });
  let toMs = Infinity;
  return {
    heal: async () => {
      if (fault.target === 'proxy') await theatre.untilServing(pid);
      toMs = Date.now();
    },
    excuses: () => excusesOf(fault.target, fromMs, toMs),
  };
}

/** Node apps end with their daemon (PM2's module in them sees to it): main and the canary too. */
function killedDaemon(
  theatre: Theatre,
  { awayMs }: Kill,
  { fromMs, proxy }: { readonly fromMs: number; readonly proxy: number | null },
): Injected {
  const { pm2 } = theatre.stage;
  let startedMs = Infinity;
  let toMs = Infinity;
  return {
    heal: async () => {
      await delay(awayMs);
      if (pm2.daemonPid() === null) await pm2.startDaemon();
      startedMs = Date.now();
      await pm2.pm2('resurrect');
      await theatre.untilServing(proxy);
      toMs = Date.now();
    },
    excuses: () => [
      ...excusesOf('main', fromMs, toMs),
      { ...EXCUSE, fromMs, toMs: toMs + ANSWERED_MS, calls: 'unrepeatable' },
      // The old proxy, an orphan, gives way to the new one.
      { ...EXCUSE, fromMs: startedMs, toMs, because: 'the proxy hands over' },
    ],
  };
}

const EXCUSE = { calls: 'all', waitedMs: 0, because: 'kill daemon' } as const;

function excusesOf(target: Target, fromMs: number, backMs: number): Excuse[] {
  const because = `kill ${target}`;
  const all = { ...EXCUSE, fromMs, toMs: backMs, because };
  const lost = { ...all, toMs: fromMs + ANSWERED_MS, calls: 'unrepeatable' } as const;
  switch (target) {
    case 'orchestrator':
    case 'daemon':
      return [];
    case 'proxy':
      return [all];
    case 'canary':
    case 'main':
      // A call waits for an instance for its patience, and no longer; the other one may be away too.
      return [lost, { ...all, toMs: Infinity, waitedMs: PATIENCE_MS }];
  }
}
