/** Whether the ecosystem file that main was started from still says what main runs. */
import type { ServiceConfig } from '../../config/types.js';
import {
  ecosystemDrift,
  ecosystemFolders,
  ecosystemWarnings,
  type EcosystemDrift,
} from '../pm2/ecosystem-drift.js';
import type { AppView } from '../pm2/app.js';
import { ok, warning, type Diagnosis } from './diagnosis.js';
import { mainOf, servicesOf, type Facts } from './facts.js';

export async function checkEcosystems(facts: Facts): Promise<Diagnosis[]> {
  const found = await Promise.all(
    servicesOf(facts).map(async (service) => {
      const main = mainOf(facts, service);
      return main === null ? [] : await checkEcosystem(service, main, facts.env);
    }),
  );
  return found.flat();
}

async function checkEcosystem(
  { name, app, ecosystem: file }: ServiceConfig,
  { spec: live }: AppView,
  env: NodeJS.ProcessEnv,
): Promise<Diagnosis[]> {
  const folders = ecosystemFolders(live);
  const drift = await ecosystemDrift({ app, live, change: {}, file, folders, env });
  return diagnosesOf(`${name} ecosystem`, drift);
}

function diagnosesOf(check: string, drift: EcosystemDrift): Diagnosis[] {
  switch (drift.kind) {
    case 'no-file':
      return [ok(check, "no ecosystem file is in main's folders")];
    case 'unreadable': {
      const remedy = 'name the file in canary.yaml, ecosystem';
      return [warning(check, `${drift.file}: ${drift.reason}`, remedy)];
    }
    case 'same':
      return [ok(check, `${drift.file} says what main runs`)];
    case 'differs': {
      const remedy =
        'edit that line: the next pm2 start of the file would undo a part of what runs';
      return ecosystemWarnings(drift).map((message) => warning(check, message, remedy));
    }
  }
}
