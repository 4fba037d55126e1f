import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgents, type Agents } from '../../demo/agents.js';
import type { Stage } from '../../demo/stage.js';
import { dashboardQueries, filledIn, NEED_MINUTES } from '../support/grafana.js';
import { documentedMetrics } from '../support/metrics-doc.js';
import { findsData, hasPrometheus, type Prometheus } from '../support/prometheus.js';
import { waitFor } from '../support/wait.js';
import { SCRAPE_INTERVAL_MS, seenMetrics, seenSeries, watchStage } from './prometheus.js';
import {
  eventsOf,
  expectTidy,
  fault,
  openTestStage,
  pm2App,
  reach,
  reachEnd,
  SERVICE,
  start,
  steer,
} from './support.js';

const SUITE = `calls:
  - name: adds up
    tool: get-sum
    arguments: { a: 2, b: 3 }
    expect: { contains: is 5 }
`;

let stage: Stage;
let agents: Agents;
let prometheus: Prometheus | null = null;
const startedAtMs = Date.now();

beforeAll(async () => {
  const checks = [{ name: 'home', command: 'test -d .', every: '1s' }];
  const yearly = { service: SERVICE, cron: '0 3 1 1 *', timeZone: 'Europe/Berlin' };
  // The release that never listens takes all of `ready`.
  const patient = { ready: '20s', maxWindow: '120s' };
  const own = { smoke: 'suite.yaml', checks };
  stage = await openTestStage(patient, own, { schedules: { yearly } });
  prometheus = hasPrometheus ? await watchStage(stage) : null;
  writeFileSync(join(stage.home, 'suite.yaml'), SUITE);
  agents = startAgents({ url: stage.url(SERVICE), agents: 8, callsPerSession: 6, pauseMs: 60 });
});

afterAll(async () => {
  await agents.stop();
  await prometheus?.dispose();
  await stage.dispose();
});

/** Main's environment as its process has it. */
async function mainEnviron(): Promise<readonly string[]> {
  const main = await pm2App(stage, SERVICE);
  return readFileSync(`/proc/${main!.pid}/environ`, 'utf8').split('\0');
}

/** How many sessions canaries have ever had. */
async function canarySessions(): Promise<number> {
  const text = await (await fetch(stage.metricsUrls.proxy)).text();
  const line = /^canary_sessions_opened_total\{.*track="canary".*\} (\d+)$/m.exec(text);
  return Number(line![1]);
}

describe('a good release', () => {
  it('is promoted in place, and no agent notices', async () => {
    const before = await pm2App(stage, SERVICE);
    await stage.pm2.pm2('save');
    const result = await stage.canary('start', SERVICE, '--env', 'RELEASE=good', '--wait');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('promoted: main runs the new release');

    const after = await pm2App(stage, SERVICE);
    expect(after!.pm_id).toBe(before!.pm_id);
    expect(after!.pid).not.toBe(before!.pid);
    expect(after!.pm2_env['pm_out_log_path']).toBe(before!.pm2_env['pm_out_log_path']);
    expect(after!.pm2_env['CANARY_ROLLOUT']).toBeUndefined();
    expect(await mainEnviron()).toContain('RELEASE=good');
    await expectTidy(stage);

    const dump = readFileSync(join(stage.pm2.home, 'dump.pm2'), 'utf8');
    expect(dump).toContain('"RELEASE": "good"');
    expect(dump).not.toContain(`${SERVICE}-canary`);
    expect(agents.tally.failures).toEqual([]);
    await waitFor(() => eventsOf(stage, `${SERVICE}-1`).length === 3, { what: 'notifications' });
    expect(eventsOf(stage, `${SERVICE}-1`)).toEqual(['started', 'step', 'promoted']);
  });
});

describe('a bad release', () => {
  it('whose tool fails is rolled back by its errors, with the numbers', async () => {
    const result = await stage.canary('start', SERVICE, fault('failing-tool'), '--wait');
    expect(result).toMatchObject({ code: 3, stderr: '' });
    const view = await reachEnd(stage);
    const verdict = view.transitions.find(({ to }) => to === 'rolling-back')!.assessment!;
    expect(verdict).toMatchObject({ verdict: 'fail', check: 'errors' });
    expect(verdict.reason).toMatch(/\d+ of \d+ calls/);
    expect((await mainEnviron()).join()).not.toContain('failing-tool');
    await expectTidy(stage);
  });

  it('that leaks is rolled back by its memory', async () => {
    await start(stage, fault('leak'), '--window', '120s');
    const view = await reachEnd(stage, 180_000);
    expect(view.phase).toBe('rolled-back');
    const verdict = view.transitions.find(({ to }) => to === 'rolling-back')!.assessment!;
    expect(verdict).toMatchObject({ verdict: 'fail', check: 'memory' });
    await expectTidy(stage);
  });

  it('that does not start is rolled back at once', async () => {
    await start(stage, fault('exits-at-start'));
    const view = await reachEnd(stage);
    expect(view).toMatchObject({ phase: 'rolled-back' });
    expect(view.reason).toContain('exited while it started');
    expect(view.endedAtMs! - view.startedAtMs).toBeLessThan(15_000);
    await expectTidy(stage);
  });

  it('that ends while it is observed is rolled back at once, and its sessions go on', async () => {
    const failuresBefore = agents.tally.failures.length;
    await start(stage, fault('exits-later'));
    const view = await reachEnd(stage);
    expect(view).toMatchObject({ phase: 'rolled-back' });
    expect(view.reason).toMatch(/ended|exit/);
    await expectTidy(stage);
    expect(agents.tally.failures.slice(failuresBefore)).toEqual([]);
  });

  it('that never listens is rolled back after its time', async () => {
    await start(stage, fault('never-listens'));
    const view = await reachEnd(stage);
    expect(view).toMatchObject({ phase: 'rolled-back' });
    expect(view.reason).toContain('nobody listens on port');
    await expectTidy(stage);
  });

  it('that does not come up on main costs main nothing: it gets its old spec back', async () => {
    const before = await mainEnviron();
    await start(stage, fault('main-crashes'));
    await reach(stage, 'rolling-back');
    const view = await reachEnd(stage);
    expect(view).toMatchObject({ phase: 'rolled-back' });
    expect(view.reason).toContain('did not come up on the new release');
    const after = await mainEnviron();
    expect(after.find((entry) => entry.startsWith('NODE_OPTIONS'))).toBeUndefined();
    expect(after).toContain(before.find((entry) => entry.startsWith('RELEASE='))!);
    await expectTidy(stage);
  });
});

describe('before it gets any traffic, a release', () => {
  it('that answers a call of the suite wrongly is rolled back, and main is not touched', async () => {
    const [main, sessions] = [await pm2App(stage, SERVICE), await canarySessions()];
    const result = await stage.canary('start', SERVICE, fault('wrong-sum'), '--wait');
    expect(result).toMatchObject({ code: 3, stderr: '' });
    const view = await reachEnd(stage);
    expect(view.reason).toMatch(
      /^smoke test: .*; adds up: wanted text that contains "is 5", got text of 13 characters$/,
    );
    expect(view.transitions.map(({ to }) => to)).toEqual(
      expect.arrayContaining(['smoking', 'rolling-back', 'rolled-back']),
    );
    expect(view.transitions.map(({ to }) => to)).not.toContain('observing');
    expect(await canarySessions()).toBe(sessions);
    expect((await pm2App(stage, SERVICE))!.pid).toBe(main!.pid);
    await expectTidy(stage);
  });

  it('that lacks a tool of main is rolled back too, unless that is allowed', async () => {
    const sessions = await canarySessions();
    await start(stage, fault('drops-tool'));
    const view = await reachEnd(stage);
    expect(view).toMatchObject({ phase: 'rolled-back' });
    expect(view.reason).toMatch(/contract.*tool get-tiny-image/);
    expect(await canarySessions()).toBe(sessions);

    await start(stage, fault('drops-tool'), '--allow-breaking', '--window', '60s');
    await reach(stage, 'observing');
    await steer(stage, 'rollback', null);
    expect(await reachEnd(stage)).toMatchObject({ phase: 'rolled-back' });
    await expectTidy(stage);
  });
});

describe('afterwards', () => {
  it('no agent has seen a call fail, and the history tells it all', async () => {
    expect(agents.tally.failures).toEqual([]);
    expect(agents.tally.ok).toBeGreaterThan(500);
    const { stdout } = await stage.canary('history', SERVICE);
    expect(stdout.match(/rolled-back/g)).toHaveLength(9);
    expect(stdout.match(/promoted/g)).toHaveLength(1);
  });

  it('nothing in logs, answers and metrics shows a secret', async () => {
    const { stdout } = await stage.canary('history', '--json');
    expect(stdout).not.toContain('a-secret-of-main');
    for (const url of Object.values(stage.metricsUrls)) {
      const text = await (await fetch(url)).text();
      expect(text).toContain('canary_');
      expect(text).not.toContain('a-secret-of-main');
    }
    for (const app of ['canary-proxy', 'canary-orchestrator']) {
      for (const kind of ['out', 'error']) {
        const file = join(stage.pm2.home, 'logs', `${app}-${kind}.log`);
        if (existsSync(file)) expect(readFileSync(file, 'utf8')).not.toContain('a-secret-of-main');
      }
    }
  });
});

describe.runIf(hasPrometheus)('a Prometheus that watched all this', () => {
  it('finds data for every query of the dashboard', async () => {
    const between = [startedAtMs, Date.now()] as const;
    const queries = dashboardQueries()
      .filter(({ title }) => !NEED_MINUTES.has(title))
      .map(({ expr }) => filledIn(expr, `${4 * SCRAPE_INTERVAL_MS}ms`));
    const found = await Promise.all(queries.map((query) => findsData(prometheus!, query, between)));
    expect(queries.filter((_, i) => found[i] !== true)).toEqual([]);
  });

  it('was told of the metrics that are documented, and of no other', async () => {
    const documented = documentedMetrics();
    const told = [...documented].map(([name, { type, help }]) => [name, { type, help }]);
    expect(await seenMetrics(prometheus!)).toEqual(Object.fromEntries(told));
    for (const { name, labels } of await seenSeries(prometheus!)) {
      const family = documented.get(name) ?? documented.get(name.replace(/_[a-z]+$/, ''));
      expect([...labels].sort(), name).toEqual([...family!.labels].sort());
    }
  });

  it('has raised an alert for what was taken back, and none for the program', async () => {
    const between = [startedAtMs, Date.now()] as const;
    const raised = (name: string): Promise<boolean> =>
      findsData(prometheus!, `ALERTS{alertname="${name}",alertstate="firing"}`, between);
    expect(await raised('CanaryRolledBack')).toBe(true);
    for (const name of [
      'CanaryProxyDown',
      'CanaryPm2Down',
      'CanaryStoreDown',
      'CanaryLoopFailing',
    ]) {
      expect(await raised(name), name).toBe(false);
    }
  });
});
