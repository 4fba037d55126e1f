import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDaemonLog } from '../../../orchestrator/monitor/daemon-log.js';
import { startApp, startPrivatePm2, type PrivatePm2 } from '../../support/pm2-sandbox.js';
import { waitFor } from '../../support/wait.js';

let pm2: PrivatePm2;

beforeAll(async () => {
  pm2 = await startPrivatePm2({ PM2_WORKER_INTERVAL: '300' });
});

afterAll(() => pm2.dispose());

test('PM2 is understood when it says that it restarted an app for its memory', async () => {
  const script = join(pm2.dir, 'app.js');
  writeFileSync(script, 'setInterval(() => {}, 1000)');
  await startApp(pm2, { name: 'small', script });
  const start = await readDaemonLog(pm2.home, null);
  expect(start.deeds).toEqual({ memoryRestarts: new Set(), stops: new Set() });

  await startApp(pm2, { name: 'large', script, max_memory_restart: '5M' });

  let { mark } = start;
  const pmIds = await waitFor(
    async () => {
      const read = await readDaemonLog(pm2.home, mark);
      mark = read.mark;
      return read.deeds.memoryRestarts.size > 0 ? read.deeds.memoryRestarts : null;
    },
    { what: 'PM2 to restart the app' },
  );
  expect(pmIds).toEqual(new Set([1]));

  await pm2.pm2('stop', 'small');
  expect((await readDaemonLog(pm2.home, mark)).deeds.stops).toContain(0);
});
