import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SERVICE_DEFAULTS } from '../../config/defaults.js';
import { loadConfigText } from '../../config/load.js';
import { Simulation } from '../orchestrator/rollout/simulation.js';

const doc = readFileSync(new URL('../../docs/steps.md', import.meta.url), 'utf8');
const [short = '', long = '', overrides = ''] = [
  ...doc.matchAll(/```yaml(?: fragment)?\n([^`]*)```/g),
].map(([, text]) => text!);

function stepsOf(text: string): unknown {
  const loaded = loadConfigText('canary.yaml', text, {});
  return loaded.ok ? loaded.config.services['mcp-scraper']!.steps : loaded.problems;
}

test('both forms of docs/steps.md are the same steps', () => {
  const { steps } = /^ {4}steps: (?<steps>.*)\n/m.exec(short)!.groups!;
  const inLongForm = short.replace(`    steps: ${steps!}\n`, long);
  expect(inLongForm).not.toBe(short);
  expect(stepsOf(inLongForm)).toEqual(stepsOf(short));
  expect(stepsOf(short)).toMatchObject([{ gate: 'auto' }, { gate: 'manual' }, { gate: 'auto' }]);
});

test('the default that docs/steps.md names is the default', () => {
  expect(doc).toContain(`| \`${SERVICE_DEFAULTS.onDeadline}\` (default) |`);
});

test('the overrides of docs/steps.md are a configuration, and off by default', () => {
  const loaded = loadConfigText('canary.yaml', overrides, {});
  const service = loaded.ok ? loaded.config.services['mcp-scraper']! : expect.fail();
  expect(service.overrides).toEqual({
    header: 'x-canary',
    always: [
      { kind: 'client', name: 'canary-tester' },
      { kind: 'address', address: '10.9.8.7', bits: 32 },
    ],
    never: [{ kind: 'address', address: '10.20.0.0', bits: 16 }],
  });
  expect(SERVICE_DEFAULTS.overrides).toEqual({ header: null, always: [], never: [] });
});

test('a rollout goes through the steps of docs/steps.md, its gate and its deadline', () => {
  const MINUTE_MS = 60_000;
  const loaded = loadConfigText('canary.yaml', short, {});
  const { steps, promote, promoteByMs, onDeadline } = loaded.ok
    ? loaded.config.services['mcp-scraper']!
    : expect.fail();
  const rollout = new Simulation({ steps, promote, promoteByMs, onDeadline }).to('observing');
  const seen = (): unknown => [rollout.phase.kind, rollout.route.tracks.canary?.weight];
  const passing = (minutes: number): unknown => {
    const atMs = rollout.nowMs + minutes * MINUTE_MS;
    rollout.until(() => rollout.nowMs >= atMs);
    return seen();
  };
  rollout.tick();
  expect(seen()).toEqual(['observing', 0.1]);
  expect(passing(31)).toEqual(['observing', 0.25]);
  expect(passing(31)).toEqual(['held', 0.25]);
  rollout.ask('resume');
  expect(passing(1)).toEqual(['observing', 0.5]);
  rollout.to('held');
  expect(rollout.phase).toMatchObject({ why: 'approval' });
  expect(rollout.toEnd().phase).toEqual({ kind: 'rolled-back', cause: 'nobody came within 4h' });
});
