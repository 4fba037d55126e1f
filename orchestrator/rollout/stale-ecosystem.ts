/** After a promotion: which lines of main's ecosystem file say something else than what main runs now. */
import { ecosystemDrift, ecosystemFolders, ecosystemWarnings } from '../pm2/ecosystem-drift.js';
import type { AppSpec } from '../pm2/spec.js';
import type { Rollout } from './rollout.js';

/** One sentence a line. `live` is what main runs; `env` is what a JavaScript file is run with. */
export async function staleEcosystem(
  { config, oldSpec, change }: Rollout,
  live: AppSpec,
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const folders = [...ecosystemFolders(oldSpec), ...ecosystemFolders(live)];
  const { app, ecosystem: file } = config;
  return ecosystemWarnings(await ecosystemDrift({ app, live, change, file, folders, env }));
}
