import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { exhibitMetrics } from '../../demo/exhibit-metrics.js';
import { MINUTE_MS, openExhibit } from '../../demo/exhibit.js';
import { createMetrics } from '../../orchestrator/metrics/metrics.js';
import { dashboardQueries, filledIn, NEED_MINUTES } from '../support/grafana.js';
import { documentedMetrics } from '../support/metrics-doc.js';
import { freePort } from '../support/ports.js';
import { findsData, hasPrometheus, startPrometheus } from '../support/prometheus.js';
import { waitFor } from '../support/wait.js';

const read = (name: string): string =>
  readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');

interface Box {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
}

const { panels } = JSON.parse(read('grafana/canary.json')) as { panels: readonly Box[] };

function overlap({ gridPos: a }: Box, { gridPos: b }: Box): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

test('every panel has its place, and says what it shows', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const panel of panels) {
    const { title, type, description, gridPos } = panel;
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
    if (type !== 'row') expect(description, title).toMatch(/\.$/);
    const others = panels.filter((other) => other !== panel && overlap(panel, other));
    expect(
      others.map((other) => other.title),
      title,
    ).toEqual([]);
  }
});

test('every variable of a query is one that is filled in', () => {
  for (const { title, expr } of dashboardQueries()) {
    expect(filledIn(expr, '1m'), title).not.toMatch(/\$[a-z_]/);
  }
});

test.each(['grafana/canary.json', 'prometheus/alerts.yml', 'prometheus/recording.yml'])(
  '%s names no metric that there is not',
  (file) => {
    const documented = documentedMetrics();
    const recorded = /\bservice_track:\w+:\w+\b/g;
    const used = read(file)
      .replace(recorded, '')
      .match(/\bcanary_\w+\b/g)!;
    const families = used.map((name) =>
      documented.get(name) === undefined ? name.replace(/_(bucket|sum|count)$/, '') : name,
    );
    expect(families.filter((name) => !documented.has(name))).toEqual([]);
  },
);

// All other queries are tried on real rollouts, which are too short for these.
test.runIf(hasPrometheus)('what needs minutes finds data of a rollout of that length', async () => {
  const startedAtMs = Date.now() - 40 * MINUTE_MS;
  const story = { service: 'svc', number: 1, startedAtMs, seenMs: 40 * MINUTE_MS, errorRate: 0.01 };
  const exhibit = openExhibit([{ ...story, bytesPerHour: 20e6, ends: 'not-yet' }]);
  const registry = createMetrics(exhibitMetrics(exhibit, ['svc']));
  const server = createServer((_, res) => void registry.metrics().then((text) => res.end(text)));
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  const target = `static_configs: [{targets: ['127.0.0.1:${port}']}]`;
  const prometheus = await startPrometheus(
    `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: orchestrator, ${target}}]\n`,
  );
  onTestFinished(async () => {
    await prometheus.dispose();
    server.closeAllConnections();
    server.close();
    exhibit.dispose();
  });
  const long = dashboardQueries().filter(({ title }) => NEED_MINUTES.has(title));
  expect(long).toHaveLength(NEED_MINUTES.size);
  for (const { title, expr } of long) {
    const finds = () => findsData(prometheus, filledIn(expr, '4s'), [startedAtMs, Date.now()]);
    await waitFor(finds, { what: title, timeoutMs: 30_000 });
  }
});
