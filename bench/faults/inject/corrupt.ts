/**
 * A database that is damaged while its owner dies, as by a bad disk. The proxy begins anew by itself;
 * the orchestrator refuses its file, and the operator does what its message and `canary doctor` say.
 */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { homeFrom } from '../../../common/home.js';
import { ROLLOUT_KEY } from '../../../orchestrator/pm2/spec.js';
import { processesWith } from '../../../orchestrator/proc/marked.js';
import { instanceLost, memoryLost, type Excuse } from '../excuse.js';
import { nameOf, type Fault } from '../fault.js';
import { CANARY, SERVICE, until, type Theatre } from '../theatre.js';
import type { Injected } from './index.js';

const REPAIR_TIMEOUT_MS = 20_000;
const ORCHESTRATOR = 'canary-orchestrator';

export function corrupt(
  theatre: Theatre,
  fault: Extract<Fault, { kind: 'corrupt' }>,
): Injected | null {
  const pid = theatre.pid(fault.target);
  if (pid === null) return null;
  const { storeFile, proxyStoreFile } = homeFrom({ CANARY_HOME: theatre.stage.home });
  const file = fault.target === 'proxy' ? proxyStoreFile : storeFile;
  if (!canBeWritten(file)) return null;
  const fromMs = Date.now();
  process.kill(pid, 'SIGKILL');
  if (fault.how === 'half') truncateSync(file, Math.floor(statSync(file).size / 2));
  else overwrite(file, 'x'.repeat(8_192));
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
  let toMs = Infinity;
  return {
    heal: async () => {
      if (fault.target === 'proxy') await theatre.untilServing(pid);
      else await repairOrchestrator(theatre, file, fault.awayMs);
      toMs = Date.now();
    },
    losesHistory: fault.target === 'orchestrator',
    excuses: (): Excuse[] => {
      if (fault.target === 'orchestrator') return [instanceLost(fromMs, toMs, nameOf(fault))];
      return memoryLost(fromMs, toMs, nameOf(fault));
    },
  };
}

/** A disk that another fault has made read-only takes no damage. */
function canBeWritten(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** In its place: a disk that another fault has filled has no room for more. */
function overwrite(file: string, garbage: string): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, garbage, 0);
  closeSync(fd);
}

/** Not as long as another fault keeps the folder read-only. */
function hasMoved(file: string): boolean {
  try {
    renameSync(file, `${file}.damaged`);
    return true;
  } catch {
    return false;
  }
}

/** Without its memory it puts the traffic on main; the canary, of which it knows nothing, is removed by hand. */
async function repairOrchestrator(theatre: Theatre, file: string, awayMs: number): Promise<void> {
  const { pm2, home } = theatre.stage;
  await delay(awayMs);
  await until(() => hasMoved(file), REPAIR_TIMEOUT_MS);
  // Another fault may have PM2 away.
  const restart = (): Promise<boolean> =>
    pm2.pm2('restart', ORCHESTRATOR).then(
      () => true,
      () => false,
    );
  await until(restart, REPAIR_TIMEOUT_MS);
  await until(async () => {
    const state = await theatre.proxyState();
    return state !== null && state.services[SERVICE]?.route.tracks.canary === undefined;
  }, REPAIR_TIMEOUT_MS);
  await pm2.pm2('delete', CANARY).catch(() => undefined);
  for (const { pid, environ } of processesWith(ROLLOUT_KEY)) {
    if (environ.get('CANARY_HOME') === home) process.kill(pid, 'SIGKILL');
  }
}
