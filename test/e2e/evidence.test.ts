import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgents, type Agents } from '../../demo/agents.js';
import type { Stage } from '../../demo/stage.js';
import type { EvidenceEvent } from '../../orchestrator/judge/types.js';
import type { RolloutView } from '../../orchestrator/control/messages.js';
import { waitFor } from '../support/wait.js';
import { expectTidy, look, openTestStage, reachEnd, SERVICE, start, typed } from './support.js';

let stage: Stage;
let agents: Agents;
let ended: RolloutView;

beforeAll(async () => {
  const command = 'test "$CANARY_SERVICE" = mcp-everything && test ! -e bad';
  stage = await openTestStage({
    window: '60s',
    checks: [{ name: 'gate', command, every: '1s', failures: 2 }],
  });
  agents = startAgents({ url: stage.url(SERVICE), agents: 6, callsPerSession: 6, pauseMs: 60 });
  await start(stage, '--env', 'RELEASE=watched');
  await waitFor(
    async () => {
      const view = await look(stage);
      const gate = view?.assessment?.checks.find(({ check }) => check === 'custom:gate');
      return gate?.state === 'pass' && view!.tracks!.canary.calls > 0;
    },
    { what: 'the canary to be called and the check to pass', timeoutMs: 90_000 },
  );
  writeFileSync(join(stage.home, 'bad'), '');
  ended = await reachEnd(stage);
});

afterAll(async () => {
  await agents.stop();
  await stage.dispose();
});

async function exported(): Promise<EvidenceEvent[]> {
  const result = await typed(stage, 'export', ended.id, '--output', 'trial.jsonl');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const lines = readFileSync(join(stage.home, 'trial.jsonl'), 'utf8').trimEnd().split('\n');
  expect(result.stdout).toBe(`${lines.length} lines written to trial.jsonl\n`);
  return lines.map((line) => JSON.parse(line) as EvidenceEvent);
}

describe("a check of the operator's own", () => {
  it('takes the canary back, with its name and numbers', async () => {
    expect(ended.phase).toBe('rolled-back');
    const verdict = ended.transitions.find(({ to }) => to === 'rolling-back')?.assessment;
    expect(verdict).toMatchObject({ verdict: 'fail', check: 'custom:gate' });
    expect(verdict?.reason).toBe('exit code 1, 2 times in a row');
    await expectTidy(stage);
  });
});

describe('what was recorded', () => {
  it('is written as JSON Lines, the rollout first', async () => {
    const [first, ...events] = await exported();
    const startedAtMs = ended.startedAtMs;
    expect(first).toMatchObject({ type: 'rollout', service: SERVICE, startedAtMs, weight: 0.5 });
    const types = new Set(events.map(({ type }) => type));
    expect([...types].sort()).toEqual(expect.arrayContaining(['call', 'check', 'log', 'process']));
    expect(types.has('rollout')).toBe(false);
    const endMs = ended.transitions.find(({ to }) => to === 'rolling-back')!.atMs;
    expect(events.filter((event) => 'atMs' in event && event.atMs > endMs)).toEqual([]);
    const logs = events.filter((event) => event.type === 'log');
    expect(new Set(logs.map(({ track }) => track))).toEqual(new Set(['stable', 'canary']));
    const { stdout } = await stage.canary('export', ended.id);
    expect(stdout).toBe(readFileSync(join(stage.home, 'trial.jsonl'), 'utf8'));
  });

  it('is judged again as it was judged live', async () => {
    await exported();
    const flags = ['trial.jsonl', '--config', stage.configFile];
    const { code, stdout } = await stage.canary('replay', ...flags, '--json');
    expect(code).toBe(3);
    const { decidedAtMs, ...verdict } = JSON.parse(stdout) as Record<string, number>;
    expect(verdict).toMatchObject({ file: 'trial.jsonl', verdict: 'fail', check: 'custom:gate' });
    const liveAtMs = ended.transitions.find(({ to }) => to === 'rolling-back')!.atMs;
    expect(Math.abs(decidedAtMs! - liveAtMs)).toBeLessThan(10_000);
  });

  it('explains how it went, and what would have changed it', async () => {
    const { code, stdout } = await typed(stage, 'explain', SERVICE, '--json');
    expect(code).toBe(0);
    const { rollout, summary, whatIf } = JSON.parse(stdout) as Record<string, unknown>;
    expect(rollout).toBe(ended.id);
    expect(summary).toMatch(/was rolled back after .*: exit code 1, 2 times in a row$/);
    expect(whatIf).toEqual([expect.stringMatching(/^with failures of the check gate at \d+ /)]);
  });

  it('is a report, with the secrets masked', async () => {
    const { code, stdout } = await typed(stage, 'report', ended.id, '--output', 'report.html');
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${ended.id} written to report.html\n` });
    const page = readFileSync(join(stage.home, 'report.html'), 'utf8');
    expect(page).toContain('env.RELEASE');
    expect(page).toContain('<h3>Memory</h3>');
    expect(page).not.toMatch(/watched|a-secret-of-main/);
  });

  it('of a rollout that never was is not there', async () => {
    const { code, stderr } = await typed(stage, 'export', 'nobody-1', '--output', 'x.jsonl');
    expect(code).toBe(2);
    expect(stderr).toContain('there is no rollout nobody-1');
  });
});

it('the logs of main are shown, and a canary that is gone has none', async () => {
  const { code, stdout } = await stage.canary('logs', SERVICE, '--lines', '3');
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(/^stable (out|err) \| /);
  const gone = await typed(stage, 'logs', SERVICE, '--track', 'canary');
  expect(gone).toMatchObject({ code: 1, stderr: `PM2 has no canary of ${SERVICE} now\n` });
});
