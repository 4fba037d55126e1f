import { expect, test } from 'vitest';
import type { CheckSource } from '../../../config/types.js';
import { frozenPlan } from '../../../orchestrator/control/frozen-plan.js';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import { service } from '../rollout/simulation.js';

const SPEC = {
  script: '/srv/old.js',
  cwd: '/srv',
  interpreter: 'node',
  interpreterArgs: [],
  args: [],
  env: { API_KEY: 'secret-before', PORT: '1' },
};

test('a plan after the fact tells what changed, and no secret', () => {
  const sources: readonly CheckSource[] = [
    { kind: 'command', line: 'curl -H secret-line' },
    { kind: 'http', url: 'http://user:secret-url@127.0.0.1/' },
    { kind: 'promql', query: 'secret-query', prometheus: 'http://secret-host' },
  ];
  const checks = sources.map((source, i) => ({
    name: `c${i}`,
    source,
    min: 1,
    max: 2,
    everyMs: 1_000,
    timeoutMs: 1_000,
    failures: 3,
  }));
  const change = { env: { API_KEY: 'secret-after' } };
  const newSpec = { ...SPEC, env: { ...SPEC.env, ...change.env } };
  const config = { ...service, checks, canaryEnv: { SCHEDULER: 'secret-off' } };
  const plan = frozenPlan({ config, oldSpec: SPEC, newSpec, change } as unknown as Rollout);
  expect(plan.mainChanges).toEqual([{ field: 'env.API_KEY', before: '(set)', after: '(changed)' }]);
  expect(plan.canaryDiffers.map(({ field }) => field)).toEqual(
    expect.arrayContaining(['env.API_KEY', 'env.SCHEDULER']),
  );
  expect(plan.checks.map(({ name, source, max }) => [name, source.kind, max])).toEqual([
    ['c0', 'command', 2],
    ['c1', 'http', 2],
    ['c2', 'promql', 2],
  ]);
  expect(JSON.stringify(plan)).not.toContain('secret');
});
