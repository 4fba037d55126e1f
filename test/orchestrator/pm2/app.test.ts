import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { AppView, type MonitorEntry } from '../../../orchestrator/pm2/app.js';

const entry: MonitorEntry = {
  name: 'app',
  pid: 12,
  pm_id: 3,
  pm2_env: {
    unique_id: 'u-1',
    status: 'online',
    restart_time: 2,
    pm_uptime: 1_700_000_000_000,
    created_at: 1_600_000_000_000,
    cron_restart: '0 3 * * *',
    exec_mode: 'cluster_mode',
    instances: 1,
    max_memory_restart: 1000,
    TOKEN: 's3cret',
    CANARY_ROLLOUT: 'r1',
    args: ['--key', 's3cret'],
    env: { TOKEN: 's3cret' },
  },
};

test('an app is read from what PM2 lists', () => {
  const app = new AppView(entry);
  expect(JSON.parse(JSON.stringify(app))).toEqual({
    pmId: 3,
    name: 'app',
    namespace: 'default',
    uniqueId: 'u-1',
    pid: 12,
    status: 'online',
    restarts: 2,
    startedAtMs: 1_700_000_000_000,
    orderedAtMs: 1_600_000_000_000,
    restartsByItself: true,
    hasCron: true,
    hasWatch: false,
    exitCode: null,
    user: null,
    searchPath: '',
    execMode: 'cluster',
    instances: 1,
    memoryLimitBytes: 1000,
    outLogPath: '',
    errLogPath: '',
    rollout: 'r1',
  });
  expect(app.spec.env).toEqual({ TOKEN: 's3cret' });
});

test.each([{}, { pid: 0 }])('%j for a pid is no process', (pid) => {
  const { name, pm_id, pm2_env } = entry;
  expect(new AppView({ name, pm_id, pm2_env, ...pid }).pid).toBeNull();
});

test('no way of printing an app shows its environment or arguments', () => {
  const app = new AppView(entry);
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  pino(sink).info({ app, apps: [app] }, 'listed');
  for (const text of [
    ...lines,
    JSON.stringify(app),
    inspect(app, { depth: 9, showHidden: true }),
  ]) {
    expect(text).toContain('u-1');
    expect(text).not.toContain('s3cret');
  }
});

test.each([
  [0, 'stopped'],
  [12, 'waiting restart'],
])('stopped with pid %i is %s', (pid, status) => {
  const pm2_env = { ...entry.pm2_env, status: 'stopped' };
  expect(new AppView({ ...entry, pid, pm2_env }).status).toBe(status);
});
