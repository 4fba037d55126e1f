/** A disk that takes nothing any more. Agents must not notice: none of it excuses anything. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../fault.js';
import type { Theatre } from '../theatre.js';
import type { Injected } from './index.js';

/** First in large steps, then to the last block. */
const CHUNKS = [Buffer.alloc(1 << 20), Buffer.alloc(4_096)];

/** The state folder is a small file system of its own in such a scenario, where the machine allows it. */
export function fillDisk(
  { stage, ownDisk }: Theatre,
  { awayMs }: Extract<Fault, { kind: 'full-disk' }>,
): Injected | null {
  if (!ownDisk) return null;
  const filler = join(stage.home, 'filler');
  for (const chunk of CHUNKS) fill(filler, chunk);
  return {
    heal: async () => {
      await delay(awayMs);
      rmSync(filler, { force: true });
    },
    excuses: () => [],
  };
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
  { stage: { home } }: Theatre,
  { awayMs }: Extract<Fault, { kind: 'read-only' }>,
): Injected | null {
  const files = readdirSync(home)
    .filter((name) => /\.db(-wal|-shm)?$/.test(name))
    .map((name) => join(home, name));
  const chattr = (flag: string): boolean =>
    spawnSync('chattr', [flag, ...files, home], { stdio: 'ignore' }).status === 0;
  if (!chattr('+i')) {
    chattr('-i');
    return null;
  }
  return {
    heal: async () => {
      await delay(awayMs);
      chattr('-i');
    },
    excuses: () => [],
  };
}
