/** A running process is allowed no more open files than it has (prlimit(1)). PM2's daemon may end of it: an operator starts it again. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { portHolder } from '../../../orchestrator/proc/ports.js';
import { instanceOf, isAlive } from '../../../orchestrator/proc/tree.js';
import { FAILURE, instanceLost, noInstance, proxyAway, type Excuse } from '../excuse.js';
import { nameOf, type Fault } from '../fault.js';
import { PATIENCE_MS, SERVICE, type Theatre } from '../theatre.js';
import type { Injected } from './index.js';
import { daemonLost } from './kill.js';

export function takeDescriptors(
  theatre: Theatre,
  fault: Extract<Fault, { kind: 'descriptors' }>,
): Injected | null {
  const pid = theatre.pid(fault.target);
  const life = pid === null ? null : instanceOf(pid);
  if (life === null) return null;
  // One that cannot read its own program at its start stays like that: that is no fault of descriptors only.
  if (fault.target === 'main' && portHolder(theatre.stage.ports(SERVICE).stable) !== life.pid)
    return null;
  const proxy = theatre.pid('proxy');
  const fromMs = Date.now();
  const usual = /^Max open files +(\d+)/m.exec(
    readFileSync(`/proc/${life.pid}/limits`, 'utf8'),
  )?.[1];
  if (usual === undefined) return null;
  const limit = (files: number | string): boolean =>
    spawnSync('prlimit', ['--pid', String(life.pid), `--nofile=${files}:`]).status === 0;
  if (!limit(readdirSync(`/proc/${life.pid}/fd`).length)) return null;
  let toMs = Infinity;
  let lost: Injected | null = null;
  return {
    heal: async () => {
      await delay(fault.awayMs);
      if (isAlive(life)) limit(usual);
      else if (fault.target === 'daemon')
        lost = daemonLost(theatre, { awayMs: 0 }, { fromMs, proxy });
      await lost?.heal();
      toMs = Date.now();
    },
    excuses: () => [...excusesOf(fault, fromMs, toMs), ...(lost?.excuses() ?? [])],
  };
}

/** Who can accept no connection refuses all that come. */
function excusesOf(
  fault: Extract<Fault, { kind: 'descriptors' }>,
  fromMs: number,
  toMs: number,
): Excuse[] {
  const because = nameOf(fault);
  switch (fault.target) {
    case 'proxy':
      return proxyAway(fromMs, toMs, because);
    case 'main':
    case 'canary':
      return [
        instanceLost(fromMs, toMs, because),
        noInstance(fromMs, PATIENCE_MS, because),
        { ...FAILURE, fromMs, toMs, calls: 'all', because },
      ];
    case 'orchestrator':
    case 'holder':
    case 'daemon':
      return [];
  }
}
