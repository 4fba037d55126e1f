/**
 * `npm run demo:schedule`: a nightly upgrade of three servers, in a minute. A private PM2 runs three
 * real MCP servers behind the proxy, agents call all of them, and a schedule of canary.yaml fires
 * after some seconds, in its window of 20 minutes. Exits 0 only if all three run their new release
 * and no agent has seen a call fail.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { duration } from '../orchestrator/cli/format.js';
import type { SchedulesReply } from '../orchestrator/control/run-messages.js';
import { startAgents, type Agents } from './agents.js';
import { QUICK_SETTINGS } from './quick-settings.js';
import { openStage, type Stage } from './stage.js';
import { EVERYTHING } from './everything.js';

const SERVICES = ['mcp-scraper', 'mcp-search', 'mcp-mail'];
const SCHEDULE = 'nightly';
/** From now until the schedule fires: the servers have to be up by then. */
const LEAD_MS = 40_000;
const WINDOW_MS = 20 * 60_000;
const RUN_TIMEOUT_MS = 120_000;
const POLL_MS = 1_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort());
}

const beganMs = Date.now();
const firesAt = new Date(Math.ceil((beganMs + LEAD_MS) / 1_000) * 1_000);
const stage = await open();
const agents = SERVICES.map((service) =>
  startAgents({ url: stage.url(service), agents: 6, callsPerSession: 6, pauseMs: 40 }),
);
let good = false;
try {
  await show(stage, 'schedule', 'list', '--count', '1');
  const run = await firedRun(stage);
  if (run !== null) good = (await show(stage, 'runs', run, '--wait')) === 0;
  await show(stage, 'schedule', 'history');
} finally {
  await Promise.all(agents.map((each) => each.stop()));
  await stage.dispose();
}
const unharmed = summary(agents);
process.exitCode = good && unharmed && !interrupted.signal.aborted ? 0 : 1;

function open(): Promise<Stage> {
  say('Setting up a private PM2, three real MCP servers, canary-proxy and canary-orchestrator ...');
  return openStage({
    apps: SERVICES.map((name) => ({ name, script: EVERYTHING, args: ['streamableHttp'] })),
    defaults: {
      ...QUICK_SETTINGS,
      window: '7s',
      bake: '1s',
      ready: '20s',
      maxWindow: '28s',
    },
    groups: { servers: { services: SERVICES, parallel: 1, onRollback: 'stop' } },
    schedules: { [SCHEDULE]: schedule() },
  });
}

/** Fires once, at a second of today, in the window that begins with that minute. */
function schedule(): Readonly<Record<string, unknown>> {
  const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
  const [from, to] = [firesAt.getTime(), firesAt.getTime() + WINDOW_MS].map(clock);
  const [hours, minutes, seconds] = firesAt.toISOString().slice(11, 19).split(':').map(Number);
  return {
    group: 'servers',
    cron: `${seconds} ${minutes} ${hours} * * *`,
    timeZone: 'UTC',
    windows: [`${from}-${to}`],
    onWindowEnd: 'rollback',
    catchUp: '1m',
    onlyIfChanged: true,
    releases: Object.fromEntries(SERVICES.map((name) => [name, { env: { RELEASE: 'tonight' } }])),
  };
}

/** Runs a command as an operator does, and shows what it prints. */
async function show(on: Stage, ...args: readonly string[]): Promise<number> {
  say(`\n$ canary ${args.join(' ')}`);
  const { code, stdout, stderr } = await on.canary(...args);
  say(`${stdout}${stderr}`.trimEnd());
  return code;
}

/** The run that the schedule began; null when it did not in time. */
async function firedRun(on: Stage): Promise<string | null> {
  const deadlineMs = firesAt.getTime() + RUN_TIMEOUT_MS;
  say(`\nWaiting for ${firesAt.toISOString()} ...`);
  while (Date.now() < deadlineMs && !interrupted.signal.aborted) {
    const { stdout } = await on.canary('schedule', 'list', '--json');
    const [found] = (JSON.parse(stdout) as SchedulesReply).schedules;
    if (found?.run != null) return found.run.id;
    await delay(POLL_MS);
  }
  return null;
}

function summary(all: readonly Agents[]): boolean {
  say(`\n== summary, after ${duration(Date.now() - beganMs)}`);
  const sum = (of: (agents: Agents) => number): number =>
    all.reduce((total, each) => total + of(each), 0);
  const failures = all.flatMap(({ tally }) => tally.failures);
  const sessions = sum(({ tally }) => tally.sessions);
  const answered = sum(({ tally }) => tally.ok);
  say(
    `  agents: ${sessions} sessions, ${answered} calls answered, ${failures.length} calls failed`,
  );
  for (const failure of new Set(failures.slice(0, 5))) say(`    ${failure}`);
  say(good ? '  all three servers run the new release' : '  NOT all went as it should');
  return failures.length === 0;
}
