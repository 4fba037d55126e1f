/**
 * A state folder that takes nothing any more. Agents must not notice: none of it excuses anything, but
 * that a proxy which ends meanwhile takes the sessions along that it could not store.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { memoryLost, type Excuse } from '../excuse.js';
import { nameOf, type Fault } from '../fault.js';
import { until, type Theatre } from '../theatre.js';
import type { Injected } from './index.js';

/** The proxy stores what it could not within a second (CATCH_UP_MS); on a busy machine somewhat later. */
const STORED_MS = 3_000;
/** First in large steps, then to the last block. */
const CHUNKS = [Buffer.alloc(1 << 20), Buffer.alloc(4_096)];

/** The state folder is a small file system of its own in such a scenario, where the machine allows it. */
export function fillDisk(
  theatre: Theatre,
  fault: Extract<Fault, { kind: 'full-disk' }>,
): Injected | null {
  if (!theatre.ownDisk) return null;
  const filler = join(theatre.stage.home, 'filler');
  for (const chunk of CHUNKS) fill(filler, chunk);
  // Another fault has made the folder read-only.
  if (!existsSync(filler)) return null;
  // Not deleted: it may be read-only by then.
  return unwritable(theatre, fault, () => truncateSync(filler));
}

function fill(file: string, chunk: Buffer): void {
  for (;;) {
    try {
      appendFileSync(file, chunk);
    } catch {
      return;
    }
  }
}

/** By the attribute "immutable" (chattr(1)), which holds for root and for open files too. */
export function makeReadOnly(
  theatre: Theatre,
  fault: Extract<Fault, { kind: 'read-only' }>,
): Injected | null {
  const { home } = theatre.stage;
  const files = readdirSync(home)
    .filter((name) => /\.db(-wal|-shm)?$/.test(name))
    .map((name) => join(home, name));
  const chattr = (flag: string): boolean =>
    spawnSync('chattr', [flag, ...files, home], { stdio: 'ignore' }).status === 0;
  if (!chattr('+i')) {
    chattr('-i');
    return null;
  }
  return unwritable(theatre, fault, () => void chattr('-i'));
}

function unwritable(
  theatre: Theatre,
  fault: Extract<Fault, { kind: 'full-disk' | 'read-only' }>,
  undo: () => void,
): Injected {
  const proxy = theatre.pid('proxy');
  let lost: readonly Excuse[] = [];
  return {
    heal: async () => {
      const ended = untilEnded(theatre, proxy, fault.awayMs + STORED_MS);
      await delay(fault.awayMs);
      undo();
      const endedAtMs = await ended;
      if (endedAtMs === null) return;
      await theatre.untilServing(proxy);
      lost = memoryLost(endedAtMs, Date.now(), nameOf(fault));
    },
    excuses: () => lost,
  };
}

/** When the proxy was seen to have ended, within this time. */
async function untilEnded(
  theatre: Theatre,
  proxy: number | null,
  timeoutMs: number,
): Promise<number | null> {
  if (proxy === null) return null;
  const ended = await until(() => theatre.pid('proxy') !== proxy, timeoutMs);
  return ended === null ? null : Date.now();
}
