import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { CustomCheck } from '../../../config/types.js';
import { CheckRunner, measureFor, type Measure } from '../../../orchestrator/checks/runner.js';
import type { Measurement } from '../../../orchestrator/checks/measurement.js';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import { service } from '../rollout/simulation.js';

function check(name: string, more: Partial<CustomCheck> = {}): CustomCheck {
  const source = { kind: 'command', line: 'true' } as const;
  const times = { everyMs: 1_000, timeoutMs: 1_000, failures: 1 };
  return { name, source, min: null, max: null, ...times, ...more };
}

const GOOD: Measurement = { ok: true, value: 0, error: null };
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('makes each check at its interval, and hands over each result once', async () => {
  let nowMs = 0;
  const made: string[] = [];
  const measure: Measure = ({ name }) => {
    made.push(`${name} at ${nowMs}`);
    return Promise.resolve(GOOD);
  };
  const runner = new CheckRunner(
    [check('a'), check('b', { everyMs: 1_500 })],
    measure,
    () => nowMs,
  );
  for (nowMs = 0; nowMs <= 3_000; nowMs += 500) {
    runner.start();
    await settled();
  }
  expect(made).toEqual(
    ['a 0', 'b 0', 'a 1000', 'b 1500', 'a 2000', 'a 3000', 'b 3000'].map((text) =>
      text.replace(' ', ' at '),
    ),
  );
  expect(runner.take()).toHaveLength(7);
  expect(runner.take()).toEqual([]);
});

it('has a check under way once, and does not wait for it', async () => {
  let nowMs = 0;
  const answers: ((measurement: Measurement) => void)[] = [];
  const measure: Measure = () => new Promise((resolve) => answers.push(resolve));
  const runner = new CheckRunner([check('slow', { timeoutMs: 60_000 })], measure, () => nowMs);
  runner.start();
  nowMs = 5_000;
  runner.start();
  expect(answers).toHaveLength(1);
  expect(runner.take()).toEqual([]);
  answers[0]!(GOOD);
  await settled();
  expect(runner.take()).toEqual([{ type: 'check', atMs: 5_000, name: 'slow', ...GOOD }]);
  runner.start();
  expect(answers).toHaveLength(2);
});

it('ends what is late, and all when it is stopped', async () => {
  const reasons: unknown[] = [];
  const measure: Measure = (_, signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        reasons.push((signal.reason as Error).name);
        resolve({ ok: null, value: null, error: 'late' });
      });
    });
  const runner = new CheckRunner(
    [check('late', { timeoutMs: 1 }), check('long', { timeoutMs: 60_000 })],
    measure,
    () => 0,
  );
  runner.start();
  await expect.poll(() => reasons, { timeout: 10_000 }).toEqual(['TimeoutError']);
  expect(runner.take()).toMatchObject([{ name: 'late', ok: null }]);
  runner.stop();
  await settled();
  expect(reasons).toEqual(['TimeoutError', 'AbortError']);
  runner.start();
  expect(runner.take()).toEqual([]);
});

it('tells a command which rollout it is about', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'checks-'));
  const rollout = { id: 'scraper-7', service: 'scraper', config: service } as Rollout;
  const line = 'echo $CANARY_SERVICE $CANARY_ROLLOUT $CANARY_PORT $STABLE_PORT $KEPT > seen';
  const measure = measureFor(rollout, join(dir, 'canary.yaml'), { PATH: '/bin', KEPT: 'yes' });
  const command = check('c', { source: { kind: 'command', line } });
  expect(await measure(command, new AbortController().signal)).toEqual(GOOD);
  expect(readFileSync(join(dir, 'seen'), 'utf8')).toBe('scraper scraper-7 10003 10002 yes\n');
  rmSync(dir, { recursive: true });
});
