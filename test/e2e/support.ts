/** End-to-end tests: a stage with a real MCP server, releases with faults, and quick looks at the rollout. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect } from 'vitest';
import { callUnix } from '../../common/unix-http.js';
import { packageRoot } from '../../common/package.js';
import * as control from '../../demo/control.js';
import { openStage, type CliResult, type Stage, type StageOptions } from '../../demo/stage.js';
import { runCli } from '../../orchestrator/cli/program.js';
import type { RolloutView } from '../../orchestrator/control/messages.js';
import type { Notification } from '../../orchestrator/notify/notification.js';
import type { RequestKind } from '../../orchestrator/rollout/rollout.js';
import { createPm2 } from '../../orchestrator/pm2/adapter.js';
import { portHolder } from '../../orchestrator/proc/ports.js';
import { expectOk } from '../support/outcome.js';
import { waitFor } from '../support/wait.js';
import { QUICK_SETTINGS } from '../../demo/quick-settings.js';
import { EVERYTHING } from '../../demo/everything.js';

export const SERVICE = 'mcp-everything';

/** A stage with one server and windows that are short. */
export function openTestStage(
  defaults: Readonly<Record<string, unknown>> = {},
  own: Readonly<Record<string, unknown>> = {},
  more: Partial<StageOptions> = {},
): Promise<Stage> {
  return openStage({
    ...more,
    apps: [
      {
        name: SERVICE,
        script: EVERYTHING,
        args: ['streamableHttp'],
        env: { API_TOKEN: 'a-secret-of-main' },
      },
    ],
    services: { [SERVICE]: own },
    notify: [{ name: 'file', command: 'cat >> events.jsonl', services: [SERVICE] }],
    defaults: {
      ...QUICK_SETTINGS,
      window: '6s',
      bake: '2s',
      maxWindow: '60s',
      ready: '30s',
      ...defaults,
    },
  });
}

/** The flag that makes a release with a fault: a module that is loaded into the server first. */
export function fault(name: string): string {
  const folder = ['failing-tool', 'leak'].includes(name)
    ? join('demo', 'faults')
    : join('test', 'fixtures', 'faults');
  return `--env=NODE_OPTIONS=--import=${join(packageRoot(), folder, `${name}.mjs`)}`;
}

const PAUSE_AFTER_FAILURE_MS = 250;

/**
 * Agents, for the tests of the enclosing `describe`, that always have a call in flight that takes
 * longer than the drain time, each in a session of its own, so that both tracks get their share.
 * With them no track is ever empty at once, and the stages that wait for it last long enough to be
 * interrupted.
 */
export function useSlowAgents(stage: () => Stage): void {
  const stopped = new AbortController();
  let work: readonly Promise<void>[] = [];
  beforeAll(() => {
    const { signal } = stopped;
    work = Array.from({ length: 4 }, () => callSlowlyUntil(stage(), signal));
  });
  afterAll(async () => {
    stopped.abort();
    await Promise.all(work);
  });
}

async function callSlowlyUntil(stage: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await callSlowly(stage).catch(() => delay(PAUSE_AFTER_FAILURE_MS));
  }
}

async function callSlowly(stage: Stage): Promise<void> {
  const client = new Client({ name: 'slow-agent', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(stage.url(SERVICE)));
  await client.connect(transport);
  try {
    const call = { name: 'trigger-long-running-operation', arguments: { duration: 4, steps: 2 } };
    await client.callTool(call);
    await transport.terminateSession();
  } finally {
    await client.close();
  }
}

/** A command line of `canary`, run in this process: the same program, without the cost of a start. */
export async function typed(stage: Stage, ...args: readonly string[]): Promise<CliResult> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(args, {
    out: (text) => out.push(`${text}\n`),
    err: (text) => err.push(`${text}\n`),
    env: stage.pm2.env,
    cwd: stage.home,
    color: false,
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

/** Starts a canary and expects that it begins. */
export async function start(stage: Stage, ...flags: readonly string[]): Promise<CliResult> {
  const result = await typed(stage, 'start', SERVICE, ...flags);
  expect(result.stderr).toBe('');
  return result;
}

/** The newest rollout. Null: no answer. */
export function look(stage: Stage): Promise<RolloutView | null> {
  return control.look(stage, SERVICE);
}

/** A person's order, at once. */
export async function steer(stage: Stage, kind: RequestKind, reason: string | null): Promise<void> {
  const reply = await control.order(stage, SERVICE, kind, { reason });
  expect(reply).toMatchObject({ kind: 'answered', status: 200 });
}

/** The notifications that have arrived of one rollout, in order. */
export function eventsOf(stage: Stage, rollout: string): string[] {
  const file = join(stage.home, 'events.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const told = lines.map((line) => JSON.parse(line) as Notification);
  return told.filter((each) => each.rollout === rollout).map(({ event }) => event);
}

/** Waits until the newest rollout is in a phase, or phase/stage. */
export function reach(stage: Stage, where: string, timeoutMs = 90_000): Promise<RolloutView> {
  return waitFor(
    async () => {
      const view = await look(stage);
      if (view !== null && (control.whereOf(view) === where || view.phase === where)) return view;
      throw new Error(view === null ? 'no answer' : `${control.whereOf(view)}: ${view.reason}`);
    },
    { what: `the rollout to be ${where}`, timeoutMs },
  );
}

/** Waits until the newest rollout is over. */
export function reachEnd(stage: Stage, timeoutMs = 120_000): Promise<RolloutView> {
  return waitFor(
    async () => {
      const view = await look(stage);
      if (view !== null && view.endedAtMs !== null) return view;
      throw new Error(view === null ? 'no answer' : `${control.whereOf(view)}: ${view.reason}`);
    },
    { what: 'the rollout to be over', timeoutMs },
  );
}

interface ListedApp {
  readonly name: string;
  readonly pm_id: number;
  readonly pid: number;
  readonly pm2_env: Readonly<Record<string, unknown>>;
}

/** What the operator's own `pm2 jlist` says of an app. */
export async function pm2App(stage: Stage, name: string): Promise<ListedApp | undefined> {
  const text = await stage.pm2.pm2('jlist');
  const apps = JSON.parse(text.slice(text.indexOf('['))) as ListedApp[];
  return apps.find((app) => app.name === name);
}

/** The newest process of an app: `pm2 jlist` is slower than some phases. */
export function pidOf(stage: Stage, app: string): number {
  const pid = control.pidOf(stage, app);
  if (pid === null) throw new Error(`PM2 has written no pid of ${app}`);
  return pid;
}

/** The variable `RELEASE=...` of main's process, by which the tests tell releases apart. */
export function mainRelease(stage: Stage): string | undefined {
  const pid = portHolder(stage.ports(SERVICE).stable);
  const environ = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return environ.find((entry) => entry.startsWith('RELEASE='));
}

/** No canary in PM2 or on its port, and all traffic on a main that answers. */
export async function expectTidy(stage: Stage): Promise<void> {
  const apps = expectOk(await createPm2({ home: stage.pm2.home, timeoutMs: 30_000 }).list());
  expect(apps.map(({ name }) => name)).not.toContain(`${SERVICE}-canary`);
  expect(portHolder(stage.ports(SERVICE).canary)).toBeNull();
  const reply = await callUnix(join(stage.home, 'proxy.sock'), {
    method: 'GET',
    path: '/v1/state',
    timeoutMs: 20_000,
  });
  expect(reply).toMatchObject({
    kind: 'answered',
    body: {
      services: {
        [SERVICE]: {
          route: {
            tracks: { stable: { port: stage.ports(SERVICE).stable, weight: 1, drain: false } },
          },
        },
      },
    },
  });
  const routes = reply.kind === 'answered' ? JSON.stringify(reply.body) : '';
  expect(routes).not.toContain(`"port":${stage.ports(SERVICE).canary}`);
}
