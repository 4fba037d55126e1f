import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMemoryRestarts } from '../../../orchestrator/monitor/memory-restarts.js';
import { startApp, startPrivatePm2, type PrivatePm2 } from '../../support/pm2-sandbox.js';
import { killAndWait } from '../../support/processes.js';
import { waitFor } from '../../support/wait.js';

let pm2: PrivatePm2;

beforeAll(async () => {
  pm2 = await startPrivatePm2({ PM2_WORKER_INTERVAL: '300' });
  // A daemon that the CLI starts writes the log; the sandbox's own does not.
  await killAndWait(pm2.daemonPid()!);
});

afterAll(() => pm2.dispose());

test('PM2 is understood when it says that it restarted an app for its memory', async () => {
  const script = join(pm2.dir, 'app.js');
  writeFileSync(script, 'setInterval(() => {}, 1000)');
  await startApp(pm2, { name: 'small', script });
  const start = await readMemoryRestarts(pm2.home, null);
  expect(start.pmIds).toEqual(new Set());

  await startApp(pm2, { name: 'large', script, max_memory_restart: '5M' });

  let { mark } = start;
  const pmIds = await waitFor(
    async () => {
      const read = await readMemoryRestarts(pm2.home, mark);
      mark = read.mark;
      return read.pmIds.size > 0 ? read.pmIds : null;
    },
    { what: 'PM2 to restart the app' },
  );
  expect(pmIds).toEqual(new Set([1]));
});
