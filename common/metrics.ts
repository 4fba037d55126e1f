/**
 * Metrics whose numbers are kept elsewhere, as plain fields, and read at each scrape: counting costs
 * an increment, and a scrape is never out of date.
 */
import {
  Counter,
  Gauge,
  Histogram,
  type CollectFunction,
  type MetricValueWithName,
  type Registry,
} from 'prom-client';
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
export function readGauge(
  registry: Registry,
  { name, help, labelNames }: Family,
  read: () => Iterable<Sample>,
): void {
  const collect: CollectFunction<Gauge> = function () {
    this.reset();
    for (const [labels, value] of read()) this.set(labels, value);
  };
  new Gauge({ name, help, labelNames: [...labelNames], registers: [registry], collect });
}

/** A counter whose totals are those that `read` gives at a scrape. */
export function readCounter(
  registry: Registry,
  { name, help, labelNames }: Family,
  read: () => Iterable<Sample>,
): void {
  const collect: CollectFunction<Counter> = function () {
    this.reset();
    for (const [labels, value] of read()) this.inc(labels, value);
  };
  new Counter({ name, help, labelNames: [...labelNames], registers: [registry], collect });
}

/** A histogram of what `read` gives at a scrape; all of it has these bounds, in seconds. */
export function readHistogram(
  registry: Registry,
  family: Family & { readonly boundsS: readonly number[] },
  read: () => Iterable<Sample<Durations>>,
): void {
  new ReadHistogram(registry, family, read);
}

class ReadHistogram extends Histogram {
  private readonly family: Family & { readonly boundsS: readonly number[] };
  private readonly read: () => Iterable<Sample<Durations>>;

  constructor(
    registry: Registry,
    family: ReadHistogram['family'],
    read: () => Iterable<Sample<Durations>>,
  ) {
    const { name, help, labelNames, boundsS } = family;
    super({
      name,
      help,
      labelNames: [...labelNames],
      buckets: [...boundsS],
      registers: [registry],
    });
    this.family = family;
    this.read = read;
  }

  /** What a registry asks for; prom-client's types leave it out. */
  getForPromString() {
    const { name, help } = this.family;
    const values = [...this.read()].flatMap((sample) => this.valuesOf(sample));
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  }

  private valuesOf([labels, { cumulative, sumS }]: Sample<Durations>) {
    const { name, boundsS } = this.family;
    const buckets = cumulative.map((value, i): MetricValueWithName<string> => {
      return {
        metricName: `${name}_bucket`,
        labels: { ...labels, le: boundsS[i] ?? '+Inf' },
        value,
      };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sumS },
      { metricName: `${name}_count`, labels, value: cumulative.at(-1) ?? 0 },
    ];
  }
}
