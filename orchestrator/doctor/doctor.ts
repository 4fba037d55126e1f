/** Checks the whole set-up: all checks at once, each bounded in time, on one set of facts. */
import { messageOf } from '../../common/message-of.js';
import { within } from '../../common/within.js';
import { checkConfigFile } from './config-file.js';
import { checkDaemon } from './daemon.js';
import { failure, type Diagnosis } from './diagnosis.js';
import { checkDump } from './dump.js';
import { checkEcosystems } from './ecosystem.js';
import type { Facts } from './facts.js';
import { checkLeftovers } from './leftovers.js';
import { checkListeners } from './listeners.js';
import { checkMains } from './main-app.js';
import { probeMains } from './main-probe.js';
import { checkMemoryLimits } from './memory-limits.js';
import { checkNodeVersion } from './node-version.js';
import { checkProcesses } from './processes.js';
import { checkReleases } from './releases.js';
import { checkSchedules } from './schedules.js';
import { checkSecrets } from './secrets.js';
import { checkSparePorts } from './spare-ports.js';
import { checkStateFolder } from './state-folder.js';
import { checkSuites } from './suites.js';

/** Looks at one thing; says nothing where another check has already said why it cannot. */
export type Check = (facts: Facts) => readonly Diagnosis[] | Promise<readonly Diagnosis[]>;

const CHECKS: Readonly<Record<string, Check>> = {
  node: () => checkNodeVersion(process.version),
  config: checkConfigFile,
  pm2: checkDaemon,
  'state folder': checkStateFolder,
  processes: checkProcesses,
  listen: checkListeners,
  main: checkMains,
  probe: probeMains,
  ports: checkSparePorts,
  'memory limit': checkMemoryLimits,
  smoke: checkSuites,
  release: checkReleases,
  schedule: checkSchedules,
  notify: checkSecrets,
  leftovers: checkLeftovers,
  dump: checkDump,
  ecosystem: checkEcosystems,
};

const TIMEOUT_MS = 15_000;

/** What all checks find, in the order of the table. */
export async function examine(
  facts: Facts,
  checks: Readonly<Record<string, Check>> = CHECKS,
  timeoutMs = TIMEOUT_MS,
): Promise<readonly Diagnosis[]> {
  const found = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        return await within(timeoutMs, Promise.resolve(check(facts)));
      } catch (error) {
        const reason = messageOf(error);
        return [failure(name, `could not be checked: ${reason}`, 'run canary doctor again')];
      }
    }),
  );
  return found.flat();
}
