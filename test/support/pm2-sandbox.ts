/** A private PM2 daemon for tests, and apps to run on it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PrivatePm2 } from '../../demo/private-pm2.js';

export { startPrivatePm2, type PrivatePm2 } from '../../demo/private-pm2.js';

/** An app as an ecosystem file has it. */
export interface EcosystemApp {
  readonly name: string;
  readonly script: string;
  readonly [option: string]: unknown;
}

/** Starts an app on the sandbox from an ecosystem file, as an operator does. */
export async function startApp(pm2: PrivatePm2, app: EcosystemApp): Promise<void> {
  const file = join(pm2.dir, `${app.name.replace(/[^a-z0-9]/gi, '-')}.json`);
  writeFileSync(file, JSON.stringify({ apps: [app] }));
  await pm2.pm2('start', file);
}
