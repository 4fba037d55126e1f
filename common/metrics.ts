/**
 * Metrics whose numbers are kept elsewhere, as plain fields, and read at each scrape: counting costs
 * an increment, and a scrape is never out of date.
 */
import { Gauge, type MetricValueWithName, type Registry } from 'prom-client';
import type { Durations } from './durations.js';

export type Labels = Readonly<Record<string, string>>;
export type Sample<T = number> = readonly [labels: Labels, value: T];

/** What a metric is called, by Prometheus' conventions, and what it is. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** A gauge with the samples that `read` gives at a scrape, and no others. */
export function readGauge(registry: Registry, family: Family, read: () => readonly Sample[]): void {
  new ReadMetric(registry, 'gauge', family, () => valuesOf(family, read()));
}

/** A counter whose totals are those that `read` gives at a scrape. */
export function readCounter(
  registry: Registry,
  family: Family,
  read: () => readonly Sample[],
): void {
  new ReadMetric(registry, 'counter', family, () => valuesOf(family, read()));
}

/** A histogram of what `read` gives at a scrape; all of it has these bounds, in seconds. */
export function readHistogram(
  registry: Registry,
  family: Family & { readonly boundsS: readonly number[] },
  read: () => readonly Sample<Durations>[],
): void {
  new ReadMetric(registry, 'histogram', family, () =>
    read().flatMap((sample) => bucketsOf(family, sample)),
  );
}

type Value = MetricValueWithName<string>;

/** What the registry knows as a gauge, with its type and its values from elsewhere. */
class ReadMetric extends Gauge {
  private readonly type: 'gauge' | 'counter' | 'histogram';
  private readonly family: Family;
  private readonly values: () => Value[];

  constructor(
    registry: Registry,
    type: ReadMetric['type'],
    family: Family,
    values: ReadMetric['values'],
  ) {
    const { name, help, labelNames } = family;
    super({ name, help, labelNames: [...labelNames], registers: [registry] });
    this.type = type;
    this.family = family;
    this.values = values;
  }

  /** What a registry asks for; prom-client's types leave it out. */
  getForPromString() {
    const { name, help } = this.family;
    return Promise.resolve({ name, help, type: this.type, values: this.values() });
  }
}

function valuesOf({ name: metricName }: Family, samples: readonly Sample[]): Value[] {
  return samples.map(([labels, value]) => ({ metricName, labels, value }));
}

function bucketsOf(
  { name, boundsS }: Family & { readonly boundsS: readonly number[] },
  [labels, { cumulative, sumS }]: Sample<Durations>,
): Value[] {
  const buckets = cumulative.map((value, i) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: boundsS[i] ?? '+Inf' },
    value,
  }));
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sumS },
    { metricName: `${name}_count`, labels, value: cumulative.at(-1) ?? 0 },
  ];
}
