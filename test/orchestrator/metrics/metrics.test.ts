import { afterAll, beforeAll, expect, test } from 'vitest';
import { exhibitMetrics } from '../../../demo/exhibit-metrics.js';
import { MINUTE_MS, openExhibit, type Exhibit } from '../../../demo/exhibit.js';
import { createMetrics, type MetricsParts } from '../../../orchestrator/metrics/metrics.js';
import { parseExposition, type FamilyText } from '../../support/exposition.js';

const BEGIN_MS = Date.parse('2026-03-02T09:00:00Z');
const DAY_MS = 24 * 60 * MINUTE_MS;
const SERVICE = 'mcp-scraper';
const story = { service: SERVICE, seenMs: 20 * MINUTE_MS, errorRate: 0.01, bytesPerHour: 2e6 };

let exhibit: Exhibit;

beforeAll(() => {
  exhibit = openExhibit([
    { ...story, number: 1, startedAtMs: BEGIN_MS, ends: 'by-verdict' },
    { ...story, number: 2, startedAtMs: BEGIN_MS + DAY_MS, errorRate: 0.3, ends: 'by-verdict' },
    {
      ...story,
      number: 3,
      startedAtMs: BEGIN_MS + 2 * DAY_MS,
      seenMs: 40 * MINUTE_MS,
      ends: 'not-yet',
    },
  ]);
});

afterAll(() => exhibit.dispose());

function partsOf(over: Partial<MetricsParts['orchestrator']> = {}): MetricsParts {
  const parts = exhibitMetrics(exhibit, [SERVICE]);
  return { ...parts, orchestrator: { ...parts.orchestrator, ...over } };
}

async function scrape(parts: MetricsParts): Promise<Map<string, FamilyText>> {
  return parseExposition(await createMetrics(parts).metrics());
}

/** A metric's values by the labels beside the service, as `errors low`. */
function samples(families: Map<string, FamilyText>, name: string): Record<string, number> {
  const rows = families.get(name)!.samples.map(({ labels, value }) => {
    const rest = Object.keys(labels).filter((label) => label !== 'service');
    return [rest.map((label) => labels[label]).join(' '), value] as const;
  });
  return Object.fromEntries(rows);
}

const present = (states: Record<string, number>): string[] =>
  Object.keys(states).filter((state) => states[state] === 1);

test('a rollout under way shows its phase, and since when', async () => {
  const seen = await scrape(partsOf());
  expect(present(samples(seen, 'canary_rollout_phase'))).toEqual(['observing']);
  expect(samples(seen, 'canary_rollout_step')).toEqual({ '': 1 });
  const started = samples(seen, 'canary_rollout_phase_started_timestamp_seconds');
  expect(started['observing']).toBe((BEGIN_MS + 2 * DAY_MS + 4_000) / 1_000);
  expect(started['promoted']).toBeLessThan(started['rolled-back']!);
  expect(samples(seen, 'canary_rollout_loop_failures_total')).toEqual({ '': 2 });
  expect(samples(seen, 'canary_rollouts_active')).toEqual({ '': 1 });
});

test('a rollout that was just started is in its first phase since then', async () => {
  const [rollout] = exhibit.store.active();
  const startedAtMs = BEGIN_MS + 3 * DAY_MS;
  const fresh = { ...rollout!, startedAtMs, phase: { kind: 'preparing' } as const };
  const live = () => [{ rollout: fresh, assessment: null, troubles: 0 }];
  const seen = await scrape(partsOf({ live }));
  const started = samples(seen, 'canary_rollout_phase_started_timestamp_seconds');
  expect(started['preparing']).toBe(startedAtMs / 1_000);
});

test('without one, the phase is how the last one ended', async () => {
  const parts = partsOf({ live: () => [] });
  const moves = exhibit.store.movesAfter(0, 1_000);
  const ended = moves.filter(({ to }) => to === 'promoted' || to === 'rolled-back');
  const last = ended.at(-1)!.number;
  const { outbox } = exhibit.store;
  const store = { outbox, forgottenRollouts: () => [], movesAfter: upTo(last) };
  const seen = await scrape({ ...parts, store });
  expect(present(samples(seen, 'canary_rollout_phase'))).toEqual(['rolled-back']);
  expect(samples(seen, 'canary_check_state')).toEqual({});
});

function upTo(last: number) {
  return (after: number, limit: number) =>
    exhibit.store.movesAfter(after, limit).filter(({ number }) => number <= last);
}

test('totals and durations come from the store, so a restart does not lose them', async () => {
  const registry = createMetrics(partsOf());
  for (const read of [registry, registry, createMetrics(partsOf())]) {
    const seen = parseExposition(await read.metrics());
    expect(samples(seen, 'canary_rollouts_total')).toEqual({ promoted: 1, 'rolled-back': 1 });
    const { samples: rows } = seen.get('canary_rollout_duration_seconds')!;
    const promoted = rows.filter(({ labels }) => labels['result'] === 'promoted');
    expect(promoted.find(({ name }) => name.endsWith('_sum'))!.value).toBe(30 * 60);
    const phases = seen.get('canary_rollout_phase_duration_seconds')!.samples;
    const starting = phases.filter(
      ({ name, labels }) => name.endsWith('_count') && labels['phase'] === 'starting',
    );
    expect(starting[0]!.value).toBe(3);
  }
});

test('a rollout that is no longer kept still counts', async () => {
  const fresh = openExhibit([
    { ...story, number: 1, startedAtMs: BEGIN_MS, ends: 'by-verdict' },
    { ...story, number: 2, startedAtMs: BEGIN_MS + DAY_MS, ends: 'by-verdict' },
    { ...story, number: 3, startedAtMs: BEGIN_MS + 2 * DAY_MS, ends: 'by-verdict' },
  ]);
  const running = createMetrics(exhibitMetrics(fresh, [SERVICE]));
  await running.metrics();
  while (fresh.store.pruning.step(Date.now(), { maxAgeMs: 0, maxSizeBytes: Infinity }));
  expect(fresh.store.recent(SERVICE, 10)).toHaveLength(1);
  for (const registry of [running, createMetrics(exhibitMetrics(fresh, [SERVICE]))]) {
    const seen = parseExposition(await registry.metrics());
    expect(samples(seen, 'canary_rollouts_total')).toEqual({ promoted: 3, 'rolled-back': 0 });
  }
  fresh.dispose();
});

test('the judge’s numbers are told in base units', async () => {
  const parts = partsOf();
  const { assessment } = parts.orchestrator.live()[0]!;
  const numbersOf = (name: string) =>
    assessment!.checks.find(({ check }) => check === name)!.numbers;
  const seen = await scrape(parts);
  const { low, difference, high, canaryCalls, stableCalls } = numbersOf('errors');
  expect(samples(seen, 'canary_check_difference_ratio')).toMatchObject({
    'errors low': low,
    'errors estimate': difference,
    'errors high': high,
  });
  expect(samples(seen, 'canary_judged_calls')).toEqual({
    canary: canaryCalls,
    stable: stableCalls,
  });
  const { bytesPerHour, limitBytes, toLimitMs } = numbersOf('memory');
  expect(samples(seen, 'canary_memory_growth_bytes_per_second')['canary']).toBeCloseTo(
    bytesPerHour! / 3_600,
  );
  expect(samples(seen, 'canary_memory_limit_bytes')).toEqual({ '': limitBytes });
  expect(samples(seen, 'canary_memory_time_to_limit_seconds')['']).toBeCloseTo(toLimitMs! / 1_000);
  expect(present(samples(seen, 'canary_verdict'))).toEqual([assessment!.verdict]);
});

test('what cannot be reached is 0, and an app without a process has no memory', async () => {
  const seen = await scrape(partsOf());
  expect(samples(seen, 'canary_pm2_up')).toEqual({ '': 1 });
  expect(samples(seen, 'canary_proxy_up')).toEqual({ '': 0 });
  expect(samples(seen, 'canary_process_up')).toEqual({ stable: 1, canary: 0 });
  expect(samples(seen, 'canary_process_resident_memory_bytes')).toEqual({ stable: 2e8 });
  expect(samples(seen, 'canary_process_restarts_total')).toEqual({ stable: 3, canary: 0 });
  const before = await scrape(partsOf({ vitals: { newest: null } }));
  expect(samples(before, 'canary_pm2_up')).toEqual({});
});
