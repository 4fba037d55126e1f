/** Whether PM2's daemon answers, and is of the version of the `pm2` that people type. */
import { readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure, ok, warning, type Diagnosis } from './diagnosis.js';
import type { Facts } from './facts.js';

export async function checkDaemon({ daemon, pm2Home, env }: Facts): Promise<Diagnosis[]> {
  if (daemon.kind !== 'ok') {
    const remedy = 'start an app with pm2, or say where the daemon is: pm2Home in canary.yaml';
    return [failure('pm2', daemon.reason, remedy)];
  }
  const { version, pid } = daemon.value;
  const answers = ok('pm2', `the daemon in ${pm2Home} answers (${version}, pid ${pid ?? '?'})`);
  const cli = await cliVersion(env);
  if (cli === null || cli === version) return [answers];
  const message = `the daemon is ${version}, the pm2 on the PATH is ${cli}`;
  return [answers, warning('pm2', message, 'pm2 update (it restarts every app)')];
}

/** Read, not asked: the CLI would start a daemon where there is none. */
async function cliVersion(env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env['PATH'] ?? '').split(':').filter(Boolean)) {
    const script = await realpath(join(folder, 'pm2')).catch(() => null);
    if (script === null) continue;
    const file = join(dirname(dirname(script)), 'package.json');
    const text = await readFile(file, 'utf8').catch(() => '');
    return /"name":\s*"pm2"/.test(text) ? (/"version":\s*"([^"]+)"/.exec(text)?.[1] ?? null) : null;
  }
  return null;
}
