import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceState } from '../../../common/protocol.js';
import { systemClock } from '../../../common/clock.js';
import type { Measure } from '../../../orchestrator/checks/runner.js';
import type { EvidenceEvent } from '../../../orchestrator/judge/types.js';
import { Monitor } from '../../../orchestrator/monitor/monitor.js';
import { proxyClient } from '../../../orchestrator/proxy-client.js';
import type { Look, TrackLook } from '../../../orchestrator/rollout/look.js';
import type { Phase } from '../../../orchestrator/rollout/phase.js';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import { Store } from '../../../orchestrator/store/store.js';
import { service, Simulation } from '../rollout/simulation.js';

const OBSERVING: Phase = { kind: 'observing', step: 0, endsAtMs: 1e9 };
const STARTING: Phase = { kind: 'starting', deadlineMs: 1e9 };
const spec = {} as Rollout['oldSpec'];

let dir: string;
let store: Store;
let rollout: Rollout;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'monitor-'));
  store = Store.open(join(dir, 'rollouts.db'));
  const logs = { errorPatterns: ['ERROR', '^Traceback'], timesStable: 3 };
  const config = { judge: { ...service.judge, logs } };
  rollout = { ...new Simulation(config).rollout, phase: OBSERVING };
  store.insert(rollout, 1);
  for (const name of ['main', 'canary']) writeFileSync(join(dir, `${name}.log`), 'ERROR of old\n');
});

afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function monitor(): Monitor {
  const proxy = proxyClient(join(dir, 'no.sock'));
  const measure: Measure = () => Promise.resolve({ ok: false, value: 7, error: null });
  return new Monitor({ store, proxy, pm2Home: dir, measure, clock: systemClock }, rollout);
}

function app(name: string): TrackLook {
  return {
    pid: process.pid,
    app: { pmId: 0, uniqueId: name, orderedAtMs: 1, restartsByItself: false, spec },
    logPaths: [join(dir, `${name}.log`), '/dev/null'],
    status: 'online',
    life: { pid: process.pid, startTicks: 1 },
    restarts: 0,
    exitCode: null,
    startedAtMs: 0,
    rssBytes: 1e6,
    atSpec: true,
    readiness: null,
  };
}

function look(): Look {
  return {
    daemon: {
      kind: 'up',
      startedAtMs: 1,
      mainCount: 1,
      canaryCount: 1,
      main: app('main'),
      canary: app('canary'),
      baseline: null,
    },
    proxy: { kind: 'down', reason: 'there is none' },
    lives: [],
    preparation: null,
    canaryServer: null,
    smoke: null,
  };
}

const log = (name: string, text: string): void => appendFileSync(join(dir, `${name}.log`), text);

/** Error lines of each log event, stable's and canary's. */
function errorLines(): { stable: number[]; canary: number[] } {
  const of = (track: string): number[] =>
    [...store.evidence(rollout.id)].flatMap((event: EvidenceEvent) =>
      event.type === 'log' && event.track === track ? [event.errorLines] : [],
    );
  return { stable: of('stable'), canary: of('canary') };
}

describe('error lines', () => {
  it('are counted per track and interval, from the end of the log on', async () => {
    const it = monitor();
    await it.collect(rollout, look(), 5_000);
    log('main', 'ERROR one\nfine\n');
    log('canary', 'Traceback (most recent call last):\nERROR two\nERR');
    await it.collect(rollout, look(), 7_000);
    await it.collect(rollout, look(), 10_000);
    log('canary', 'OR three\n');
    await it.collect(rollout, look(), 15_000);
    expect(errorLines()).toEqual({ stable: [0, 1, 0], canary: [0, 2, 1] });
  });

  it('of the time while nobody looked are found by the next orchestrator, once', async () => {
    await monitor().collect(rollout, look(), 5_000);
    log('canary', 'ERROR one\n');
    await monitor().collect(rollout, look(), 10_000);
    log('canary', 'ERROR two\n');
    const after = monitor();
    await after.collect(rollout, look(), 15_000);
    await after.collect(rollout, look(), 20_000);
    expect(errorLines().canary).toEqual([0, 1, 1, 0]);
  });

  it('of a canary that starts are passed over', async () => {
    const it = monitor();
    await it.collect({ ...rollout, phase: STARTING }, look(), 5_000);
    log('canary', 'ERROR no cache yet\n');
    await it.collect({ ...rollout, phase: STARTING }, look(), 5_250);
    await it.collect(rollout, look(), 10_000);
    expect(errorLines()).toEqual({ stable: [0], canary: [0] });
  });

  it('leave nothing but their number in the store', async () => {
    const it = monitor();
    await it.collect(rollout, look(), 5_000);
    log('canary', 'ERROR token=hunter2\nERROR half a line with hunter2');
    await it.collect(rollout, look(), 10_000);
    expect(errorLines().canary).toEqual([0, 1]);
    const files = ['rollouts.db', 'rollouts.db-wal'].map((name) => readFileSync(join(dir, name)));
    expect(Buffer.concat(files).includes('errorLines')).toBe(true);
    expect(Buffer.concat(files).includes('hunter2')).toBe(false);
  });

  it('that could not be stored are counted again', async () => {
    const it = monitor();
    await it.collect(rollout, look(), 5_000);
    log('canary', 'ERROR one\n');
    store.close();
    await expect(it.collect(rollout, look(), 10_000)).rejects.toThrow();
    store = Store.open(join(dir, 'rollouts.db'));
    await monitor().collect(rollout, look(), 15_000);
    expect(errorLines().canary).toEqual([0, 1]);
  });

  it('are not looked for without patterns', async () => {
    const { judge } = rollout.config;
    const logs = { ...judge.logs, errorPatterns: [] };
    rollout = { ...rollout, config: { ...rollout.config, judge: { ...judge, logs } } };
    await monitor().collect(rollout, look(), 5_000);
    expect(errorLines()).toEqual({ stable: [], canary: [] });
  });
});

describe("the canary's share", () => {
  const at = (canary: number): Look => {
    const port = { host: '127.0.0.1', port: 1, drain: false };
    const route = { stable: { ...port, weight: 1 - canary }, canary: { ...port, weight: canary } };
    const none = {
      sessions: 0,
      inFlight: 0,
      streams: 0,
      sessionsOpened: 0,
      calls: 0,
      errors: 0,
      placedCalls: 0,
    };
    const state: ServiceState = {
      service: 'scraper',
      listen: { host: '127.0.0.1', port: 1 },
      listening: true,
      listenError: null,
      route: { tracks: route },
      tracks: { stable: none, canary: none, baseline: none },
    };
    return { ...look(), proxy: { kind: 'up', epoch: 'e', service: state } };
  };

  it('is recorded when it changes, once', async () => {
    await monitor().collect({ ...rollout, phase: STARTING }, at(0), 1_000);
    await monitor().collect(rollout, at(0.1), 5_000);
    await monitor().collect(rollout, at(0.5), 10_000);
    await monitor().collect(rollout, at(0.5), 15_000);
    const weights = [...store.evidence(rollout.id)].filter(({ type }) => type === 'weight');
    expect(weights).toEqual([{ type: 'weight', atMs: 10_000, weight: 0.5 }]);
  });
});

describe('checks of the operator', () => {
  const source = { kind: 'command', line: 'true' } as const;
  const check = { name: 'own', source, min: null, max: null };
  const times = { everyMs: 1, timeoutMs: 1_000, failures: 1 };
  const BAKING: Phase = { kind: 'baking', startedAtMs: 0, endsAtMs: 1e9 };

  beforeEach(() => {
    rollout = { ...rollout, config: { ...rollout.config, checks: [{ ...check, ...times }] } };
  });

  it('are made while the canary is observed, stored and judged', async () => {
    const it = monitor();
    await it.collect(rollout, look(), 5_000);
    await it.collect(rollout, look(), 5_100);
    const stored = [...store.evidence(rollout.id)].filter(({ type }) => type === 'check');
    expect(stored).toMatchObject([{ name: 'own', ok: false, value: 7 }]);
    const verdict = it.assess(OBSERVING, 5_100);
    expect(verdict).toMatchObject({ verdict: 'fail', check: 'custom:own' });
  });

  it('say nothing of a main that bakes', async () => {
    rollout = { ...rollout, phase: BAKING };
    const it = monitor();
    await it.collect(rollout, look(), 5_000);
    await it.collect(rollout, look(), 10_000);
    expect([...store.evidence(rollout.id)].map(({ type }) => type)).not.toContain('check');
    expect(it.assess(BAKING, 10_000)?.checks.map((each) => each.check)).not.toContain('custom:own');
  });
});
