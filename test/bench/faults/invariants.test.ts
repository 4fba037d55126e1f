import { describe, expect, it } from 'vitest';
import type { AgentCall } from '../../../bench/faults/agents.js';
import type { Excuse } from '../../../bench/faults/excuse.js';
import type { Facts, ProcessFacts } from '../../../bench/faults/facts.js';
import { violationsOf, type Outcome } from '../../../bench/faults/invariants.js';
import type { RolloutView } from '../../../orchestrator/control/messages.js';

const process = (pid: number, more: Partial<ProcessFacts> = {}): ProcessFacts => {
  return { pid, cwd: 'new', release: 'new', mark: null, script: 'server.js', ...more };
};
const app = (name: string, pid: number) => {
  return { name, pid, status: 'online', cwd: 'new', release: 'new' };
};
const move = (seq: number, from: string, to: string) => {
  return { seq, atMs: seq, from, to, stage: null, reason: '', assessment: null };
};
const rollout = {
  phase: 'promoted',
  endedAtMs: 9,
  waitingFor: null,
  reason: 'main runs the new release',
  transitions: [move(1, 'starting', 'retiring'), move(2, 'retiring', 'promoted')],
} as unknown as RolloutView;
const stable = { host: '127.0.0.1', port: 1, weight: 1, drain: false };

const FACTS: Facts = {
  rollout,
  main: process(10),
  onCanaryPort: null,
  apps: [app('svc', 10), app('canary-proxy', 11), app('canary-orchestrator', 12)],
  processes: [
    process(10),
    process(11, { script: 'node /x/dist/proxy/main.js' }),
    process(13, { script: 'node /x/dist/proxy/worker.js' }),
    process(12, { script: 'node /x/dist/orchestrator/main.js' }),
  ],
  route: { tracks: { stable } },
  storedRoute: { tracks: { stable } },
  ports: { stable: 1, canary: 2 },
  sockets: ['orchestrator.sock', 'proxy.sock'],
  dumped: [app('svc', 0)],
};

const CALL: AgentCall = {
  kind: 'v1-http',
  tool: 'lookup',
  key: 'k',
  fromMs: 100,
  toMs: 200,
  error: null,
  toolFailed: false,
};

function judged(facts: Partial<Facts>, more: Partial<Outcome> = {}): readonly string[] {
  const names = { main: 'svc', canary: 'svc-canary' };
  const outcome = { facts: { ...FACTS, ...facts }, calls: [CALL], runs: new Map(), excuses: [] };
  return violationsOf({ ...outcome, names, mainReplacedAtMs: 0, historyLost: false, ...more });
}

const failed: AgentCall = { ...CALL, error: 'reset' };
const excuse: Excuse = {
  fromMs: 150,
  toMs: 160,
  calls: 'all',
  waitedMs: 0,
  kind: null,
  hangs: 'none',
  because: '',
};

describe('the invariants', () => {
  it('hold after a run as it should be', () => {
    expect(judged({})).toEqual([]);
  });

  it.each<[string, Partial<Facts>, string]>([
    ['an orchestrator that is away', { rollout: null }, 'does not tell'],
    ['a rollout that goes on', { rollout: { ...rollout, endedAtMs: null } }, 'did not end'],
    ['main of two releases', { main: process(10, { cwd: 'old' }) }, 'mixture'],
    ['no main', { main: null }, 'nobody listens'],
    ['a stranger on the port of main', { main: process(99) }, 'PM2 says 10'],
    ['a canary in PM2', { apps: [...FACTS.apps, app('svc-canary', 5)] }, 'still has the canary'],
    ['a process on its port', { onCanaryPort: 5 }, "holds the canary's port"],
    [
      'a process of it',
      { processes: [...FACTS.processes, process(5, { mark: 'svc-1.x' })] },
      'still lives',
    ],
    ['two proxies', { processes: [...FACTS.processes, FACTS.processes[1]!] }, '2 processes run'],
    ['a socket too many', { sockets: [...FACTS.sockets, 'x.sock'] }, 'a socket x.sock'],
    ['another route', { route: { tracks: { stable: { ...stable, weight: 0.5 } } } }, 'not on main'],
    ['a dump of the old', { dumped: [{ ...app('svc', 0), release: 'old' }] }, 'has main on old'],
  ])('are violated by %s', (_, facts, sentence) => {
    expect(judged(facts).join()).toContain(sentence);
  });

  it('are violated by a history that says something else than what runs', () => {
    const old = { cwd: 'old', release: 'old' };
    const apps = FACTS.apps.map((each) => ({ ...each, ...old }));
    const said = judged({ main: process(10, old), apps, dumped: [] });
    expect(said).toEqual(['promoted, but main runs old']);
  });

  it('are not violated by what another hand started after the end, or by a lost history', () => {
    const old = { cwd: 'old', release: 'old' };
    const apps = FACTS.apps.map((each) => ({ ...each, ...old }));
    const facts = { main: process(10, old), apps };
    expect(judged(facts, { mainReplacedAtMs: 10 })).toEqual([]);
    expect(judged(facts, { mainReplacedAtMs: 8 })).toEqual(['promoted, but main runs old']);
    expect(judged({ rollout: null }, { historyLost: true })).toEqual([]);
  });

  it('are violated by a failed call, unless a fault excuses it', () => {
    expect(judged({}, { calls: [failed] })).toHaveLength(1);
    expect(judged({}, { calls: [failed], excuses: [excuse] })).toEqual([]);
    const later = { ...excuse, fromMs: 201, toMs: 300 };
    expect(judged({}, { calls: [failed], excuses: [later] })).toHaveLength(1);
    const longer = { ...excuse, waitedMs: 101 };
    expect(judged({}, { calls: [failed], excuses: [longer] })).toHaveLength(1);
  });

  it('excuse what may not be repeated, and nothing else, by a loss', () => {
    const excuses = [{ ...excuse, calls: 'unrepeatable' as const }];
    expect(judged({}, { calls: [{ ...failed, tool: 'append' }], excuses })).toEqual([]);
    expect(judged({}, { calls: [failed], excuses })).toHaveLength(1);
  });

  it('are violated by a hang, and by a call that ran twice or never', () => {
    const gaveUp = { ...CALL, error: 'MCP error -32001: Request timed out' };
    expect(judged({}, { calls: [gaveUp], excuses: [excuse] })).toHaveLength(1);
    const unanswerable = { ...excuse, hangs: 'all' as const };
    expect(judged({}, { calls: [gaveUp], excuses: [unanswerable] })).toEqual([]);
    expect(judged({}, { runs: new Map([['k', [1, 2]]]) })).toHaveLength(1);
    expect(judged({}, { calls: [{ ...CALL, tool: 'append' }] })).toHaveLength(1);
  });

  it('excuse a hang where the proxy was away each time its client came back', () => {
    const gaveUp = { ...CALL, error: 'MCP error -32001: Request timed out' };
    const away = (fromMs: number, toMs: number): Excuse => ({
      ...excuse,
      fromMs,
      toMs,
      hangs: 'unmet',
    });
    const hangsWith = (...excuses: Excuse[]): number =>
      judged({}, { calls: [gaveUp], excuses }).length;
    expect(hangsWith(away(150, 4_000))).toBe(1);
    expect(hangsWith(away(150, 8_000))).toBe(1);
    expect(hangsWith(away(150, 10_000))).toBe(0);
    expect(hangsWith(away(150, 6_000), away(10_000, 11_000))).toBe(0);
    expect(hangsWith(away(150, 6_000), away(12_000, 13_000))).toBe(1);
  });
});
