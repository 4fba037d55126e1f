import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startApp, startPrivatePm2 } from './pm2-sandbox.js';
import { freePort } from './ports.js';
import { isRunning, killAndWait } from './processes.js';
import { waitFor } from './wait.js';

test('a disposed sandbox leaves no process and no folder, also after its daemon was killed', async () => {
  const pm2 = await startPrivatePm2();
  writeFileSync(join(pm2.dir, 'app.js'), 'setInterval(() => {}, 1000)');
  await startApp(pm2, { name: 'idle', script: join(pm2.dir, 'app.js') });
  const before = pm2.pids();
  expect(before).toHaveLength(2);
  await killAndWait(pm2.daemonPid()!);
  expect(pm2.daemonPid()).toBeNull();

  await pm2.dispose();

  expect(before.filter(isRunning)).toEqual([]);
  expect(existsSync(pm2.home)).toBe(false);
});

test('free ports are distinct and below the kernel’s own range', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  expect(new Set(ports).size).toBe(20);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});

test('a wait that fails says what it waited for and what it saw', async () => {
  await expect(
    waitFor(() => Promise.reject(new Error('refused')), { what: 'the app', timeoutMs: 1 }),
  ).rejects.toThrow('waited 1 ms for the app; seen last: refused');
});
