import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package.js';
import { callUnix } from '../../common/unix-http.js';
import { openStage, type Stage } from '../../demo/stage.js';
import type {
  MemberView,
  RunView,
  ScheduleHistoryReply,
  SchedulesReply,
} from '../../orchestrator/control/run-messages.js';
import { askApp } from '../support/apps.js';
import { freePort } from '../support/ports.js';
import { waitFor } from '../support/wait.js';
import { fault, pidOf, typed } from './support.js';

const FIRST = 'mcp-first';
const SECOND = 'mcp-second';
const script = join(packageRoot(), 'test', 'fixtures', 'apps', 'server.mjs');

let stage: Stage;
let nobody: number;

/** The servers speak no MCP, so nothing but their start and their memory is judged. */
beforeAll(async () => {
  nobody = await freePort();
  stage = await openStage({
    apps: [FIRST, SECOND].map((name) => ({ name, script, env: { SCHEDULER: 'on' } })),
    defaults: {
      probe: 'tcp',
      canaryEnv: { SCHEDULER: 'off' },
      weight: '50%',
      window: '1s',
      interval: '200ms',
      bake: '0s',
      onInconclusive: 'promote',
    },
    // Nobody listens there: no rollout may wait for it.
    notify: [{ name: 'down', webhook: `http://127.0.0.1:${nobody}/`, secret: 'env:PATH' }],
    groups: { both: { services: [FIRST, SECOND] } },
    schedules: {
      yearly: {
        group: 'both',
        cron: '0 3 1 1 *',
        timeZone: 'Europe/Berlin',
        onlyIfChanged: true,
        releases: { [FIRST]: { env: { RELEASE: 'of-the-year' } } },
      },
    },
  });
});

afterAll(() => stage.dispose());

/** A run by the control socket, without the cost of a process. */
async function look(run: string): Promise<RunView> {
  const path = `/v1/runs/${run}`;
  const socket = join(stage.home, 'orchestrator.sock');
  const reply = await callUnix(socket, { method: 'GET', path, timeoutMs: 2_000 });
  if (reply.kind === 'answered' && reply.status === 200) return reply.body as RunView;
  throw new Error(`no answer about ${run}`);
}

function reach(run: string, service: string, ...states: MemberView['state'][]): Promise<RunView> {
  return waitFor(
    async () => {
      const view = await look(run);
      const state = view.members.find((each) => each.service === service)?.state;
      if (state !== undefined && states.includes(state)) return view;
      throw new Error(`${service} is ${state}`);
    },
    { what: `${service} to be ${states.join(' or ')}`, timeoutMs: 90_000 },
  );
}

/** SIGKILL; PM2 starts it again. */
async function killOrchestrator(): Promise<void> {
  const pid = pidOf(stage, 'canary-orchestrator');
  process.kill(pid, 'SIGKILL');
  await waitFor(() => pidOf(stage, 'canary-orchestrator') !== pid, { what: 'PM2 to start it' });
}

/** How often PM2 has started an app, by its log. */
function startsOf(app: string): number {
  const log = readFileSync(join(stage.pm2.home, 'pm2.log'), 'utf8');
  return [...log.matchAll(new RegExp(`App \\[${app}:\\d+\\] starting`, 'g'))].length;
}

/** What the main servers' processes say of themselves. */
async function releases(): Promise<(string | undefined)[]> {
  const answers = [FIRST, SECOND].map((service) => askApp(stage.ports(service).stable));
  return (await Promise.all(answers)).map(({ release }) => release);
}

/** The job that only one instance may do, on main and on the canary. */
async function schedulers(service: string): Promise<(string | undefined)[]> {
  const { stable, canary } = stage.ports(service);
  const answers = await Promise.all([askApp(stable), askApp(canary)]);
  return answers.map(({ env }) => env['SCHEDULER']);
}

describe('a group', () => {
  it('is upgraded in sequence and reported, though the orchestrator is killed on the way', async () => {
    const following = stage.canary('start', '--group', 'both', '--env', 'RELEASE=new', '--wait');
    const before = await reach('run-1', FIRST, 'observing');
    expect(before.members.map(({ state }) => state)).toEqual(['observing', 'pending']);
    await killOrchestrator();
    await reach('run-1', SECOND, 'starting', 'observing');
    await killOrchestrator();

    const { code, stdout, stderr } = await following;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('started run-1: group both');
    expect(stdout).toMatch(new RegExp(`${FIRST} +promoted +\\S+ +0 +${FIRST}-1 `));
    expect(stdout).toMatch(new RegExp(`${SECOND} +promoted +\\S+ +0 +${SECOND}-1 `));
    expect(await releases()).toEqual(['new', 'new']);
    expect((await askApp(stage.ports(FIRST).stable)).env['SCHEDULER']).toBe('on');
    for (const service of [FIRST, SECOND]) {
      expect(startsOf(`${service}-canary`)).toBe(1);
      expect(startsOf(service)).toBe(2);
    }
  });

  it('stops at the first rollback', async () => {
    const release = fault('exits-at-start');
    const { code, stdout } = await stage.canary('start', '--group', 'both', release, '--wait');
    expect(code).toBe(3);
    expect(stdout).toMatch(new RegExp(`${FIRST} +rolled-back .*exited while it started`));
    expect(stdout).toMatch(new RegExp(`${SECOND} +not-started .*${FIRST} was rolled back`));
    expect(startsOf(`${SECOND}-canary`)).toBe(1);
    expect(await releases()).toEqual(['new', 'new']);
  });

  it('begins no further service once the run is cancelled', async () => {
    const begun = await stage.canary('start', FIRST, SECOND, '--window', '60s');
    expect(begun).toMatchObject({ code: 0, stderr: '' });
    await reach('run-3', FIRST, 'observing');
    expect(await schedulers(FIRST)).toEqual(['on', 'off']);
    const busy = await typed(stage, 'start', '--group', 'both');
    expect(busy).toMatchObject({ code: 1, stderr: expect.stringContaining('is under way') });
    const cancelled = await typed(stage, 'cancel', 'run-3', '--reason', 'not tonight');
    expect(cancelled.stdout).toBe('run-3: no further service is begun\n');
    await typed(stage, 'rollback', FIRST);

    const { code, stdout } = await stage.canary('runs', 'run-3', '--wait');
    expect(code).toBe(3);
    expect(stdout).toMatch(
      new RegExp(`${SECOND} +not-started .*a person cancelled the run: not tonight`),
    );
    const list = await typed(stage, 'runs');
    expect(list.stdout.match(/^run-\d/gm)).toEqual(['run-3', 'run-2', 'run-1']);
    expect((await typed(stage, 'cancel', 'run-3')).stderr).toContain('run-3 is over');
  });
});

describe('a schedule', () => {
  it('is listed, and run now, for what has changed', async () => {
    const { stdout } = await typed(stage, 'schedule', 'list', '--count', '1');
    expect(stdout).toContain('yearly  (group both, "0 3 1 1 *" in Europe/Berlin)');
    expect(stdout).toMatch(/next: .* here, \w+ \d{4}-01-01 03:00:00 GMT\+1 \(in /);
    expect(stdout).toContain('last: none yet');

    const run = await stage.canary('schedule', 'run', 'yearly', '--wait');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('started run-4: schedule yearly');
    expect(run.stdout).toMatch(new RegExp(`${FIRST} +promoted `));
    expect(run.stdout).toMatch(new RegExp(`${SECOND} +unchanged .*main runs that release already`));
    expect(await releases()).toEqual(['of-the-year', 'new']);
  });

  it('remembers it, and tells programs and Prometheus', async () => {
    const history = await typed(stage, 'schedule', 'history', 'yearly');
    expect(history.stdout).toMatch(/yearly .* started +run-4 +by hand/);
    const asJson = await typed(stage, 'schedule', 'history', '--json');
    const { entries } = JSON.parse(asJson.stdout) as ScheduleHistoryReply;
    expect(entries).toMatchObject([{ schedule: 'yearly', outcome: 'started', runId: 'run-4' }]);

    const list = await typed(stage, 'schedule', 'list', '--json');
    const [view] = (JSON.parse(list.stdout) as SchedulesReply).schedules;
    expect(view).toMatchObject({ name: 'yearly', last: entries[0], run: { id: 'run-4' } });
    const metrics = await (await fetch(stage.metricsUrls.orchestrator)).text();
    const nextS = view!.upcoming[0]!.atMs / 1_000;
    expect(metrics).toContain(
      `canary_schedule_next_run_timestamp_seconds{schedule="yearly"} ${nextS}\n`,
    );
    const lastS = entries[0]!.slotMs / 1_000;
    expect(metrics).toContain(
      `canary_schedule_last_run_timestamp_seconds{schedule="yearly",result="started"} ${lastS}\n`,
    );
  });
});

describe('a webhook that is down', () => {
  it('has kept none of these rollouts from its end, and is named to who asks', async () => {
    const { code, stdout } = await stage.canary('notify', 'test');
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^down +webhook +127\\.0\\.0\\.1:${nobody}: .*ECONNREFUSED`));
  });
});

describe('wrong usage', () => {
  it.each<[string, readonly string[], string]>([
    [
      'an unknown group',
      ['start', '--group', 'all'],
      'there is no group all in canary.yaml: it has both',
    ],
    ['a service named twice', ['start', FIRST, FIRST], `${FIRST} is named twice`],
    [
      'an unknown schedule',
      ['schedule', 'run', 'daily'],
      'there is no schedule daily: there are yearly',
    ],
    ['an unknown run', ['cancel', 'run-9'], 'there is no run run-9'],
  ])('of %s is refused in one line', async (_, args, message) => {
    const { code, stdout, stderr } = await typed(stage, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(message)]);
  });
});
