/** A full process table, for the stage alone: a control group that allows no further process or thread (cgroups(7), pids). */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../fault.js';
import { until, type Theatre } from '../theatre.js';
import type { Injected } from './index.js';

const ROOT = '/sys/fs/cgroup/pids';

const LEAVE_TIMEOUT_MS = 5_000;

export function takeProcesses(
  { stage }: Theatre,
  { awayMs }: Extract<Fault, { kind: 'processes' }>,
): Injected | null {
  const group = join(ROOT, `canary-${process.pid}-${Date.now()}`);
  const moveTo = (folder: string, pids: readonly number[]): void => {
    for (const pid of pids) {
      try {
        writeFileSync(join(folder, 'cgroup.procs'), String(pid));
      } catch {
        continue; // It has just ended.
      }
    }
  };
  try {
    mkdirSync(group);
    moveTo(group, stage.pm2.pids());
    const used = readFileSync(join(group, 'pids.current'), 'utf8');
    writeFileSync(join(group, 'pids.max'), used.trim());
  } catch {
    return null;
  }
  return {
    heal: async () => {
      await delay(awayMs);
      writeFileSync(join(group, 'pids.max'), 'max');
      // Who is in it may start others meanwhile.
      await until(() => {
        moveTo(
          ROOT,
          readFileSync(join(group, 'cgroup.procs'), 'utf8').trim().split('\n').map(Number),
        );
        return isRemoved(group);
      }, LEAVE_TIMEOUT_MS);
    },
    excuses: () => [],
  };
}

function isRemoved(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}
