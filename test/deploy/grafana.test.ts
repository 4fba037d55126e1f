import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dashboardQueries, filledIn } from '../support/grafana.js';
import { documentedMetrics } from '../support/metrics-doc.js';

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
