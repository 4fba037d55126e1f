/**
 * What Prometheus sees of the data plane. Everything is counted elsewhere, in plain numbers, and
 * read here at each scrape. Label sets are bounded (call-meter.ts).
 */
import { Counter, Gauge, Histogram, Registry, type MetricValueWithName } from 'prom-client';
import { OUTCOMES, TRACKS, type ServiceState, type Track } from '../common/protocol.js';
import type { Accounts } from './accounts.js';
import type { ToolMeter } from './call-meter.js';
import { LATENCY_BUCKETS_S, type Latencies } from './latencies.js';
import { LOSS_REASONS, MOVE_REASONS, MOVE_RESULTS } from './session-meter.js';

/** A service, as far as it is measured. */
export interface Metered {
  readonly state: ServiceState;
  readonly accounts: Accounts;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

interface LatencyConfig {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
  readonly read: () => Iterable<readonly [Labels, Latencies]>;
}

/** Latencies by labels, as prom-client tells a histogram. */
class LatencyMetric extends Histogram {
  private readonly config: LatencyConfig;

  constructor({ read, ...config }: LatencyConfig) {
    super({ ...config, buckets: [...LATENCY_BUCKETS_S] });
    this.config = { ...config, read };
  }

  /** What a registry asks for; prom-client's types leave it out. */
  getForPromString() {
    const { name, help, read } = this.config;
    const values = [...read()].flatMap((sample) => valuesOf(name, ...sample));
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  }
}

function valuesOf(
  name: string,
  labels: Labels,
  { cumulative, sumS }: Latencies,
): MetricValueWithName<string>[] {
  const buckets = cumulative.map((value, i) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: LATENCY_BUCKETS_S[i] ?? '+Inf' },
    value,
  }));
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sumS },
    { metricName: `${name}_count`, labels, value: cumulative.at(-1) ?? 0 },
  ];
}

export class ProxyMetrics {
  readonly registry = new Registry();
  private readonly services: () => Iterable<Metered>;

  /** `services` is read at each scrape. */
  constructor(services: () => Iterable<Metered>) {
    this.services = services;
    this.addCalls();
    this.addSessions();
    this.addTracks();
    this.gauge('canary_proxy_listening', '1 when the service’s port is held.', ({ state }) => [
      [{ service: state.service }, state.listening ? 1 : 0],
    ]);
  }

  private addCalls(): void {
    const tools = this.forEach(({ state: { service }, accounts }) =>
      [...accounts.calls.series()].map(
        ({ track, tool, meter }) => [{ service, track, tool }, meter] as const,
      ),
    );
    this.counter('canary_mcp_calls_total', 'Finished calls by track, tool and outcome.', () =>
      tools().flatMap(([labels, { outcomes }]) =>
        OUTCOMES.map((outcome) => [{ ...labels, outcome }, outcomes[outcome]] as const),
      ),
    );
    const histogram = (name: string, help: string, of: (meter: ToolMeter) => Latencies) =>
      new LatencyMetric({
        name,
        help,
        labelNames: ['service', 'track', 'tool'],
        registers: [this.registry],
        read: () => tools().map(([labels, meter]) => [labels, of(meter)] as const),
      });
    histogram(
      'canary_mcp_call_duration_seconds',
      'From a request’s arrival to the last byte of its answer.',
      ({ duration }) => duration,
    );
    histogram(
      'canary_mcp_first_byte_seconds',
      'From a request’s arrival to the first byte of its answer, if there was one.',
      ({ firstByte }) => firstByte,
    );
  }

  private addSessions(): void {
    const counters = (name: string, help: string, read: (metered: Metered) => readonly Sample[]) =>
      this.counter(name, help, this.forEach(read));
    counters(
      'canary_sessions_opened_total',
      'Sessions set up on the track, those that moved to it included.',
      byTrack((state, track) => state.tracks[track].sessionsOpened),
    );
    counters(
      'canary_sessions_moved_total',
      'Sessions that had to be set up again, by reason, and whether an instance was found.',
      ({ state: { service }, accounts: { sessions } }) =>
        MOVE_REASONS.flatMap((reason) =>
          MOVE_RESULTS.map(
            (result) => [{ service, reason, result }, sessions.moved[reason][result]] as const,
          ),
        ),
    );
    counters(
      'canary_sessions_lost_total',
      'Sessions whose client was told that no instance could be reached, or would take them.',
      ({ state: { service }, accounts: { sessions } }) =>
        LOSS_REASONS.map((reason) => [{ service, reason }, sessions.lost[reason]] as const),
    );
  }

  private addTracks(): void {
    const gauge = (
      name: string,
      help: string,
      read: (state: ServiceState, track: Track) => number,
    ): void => this.gauge(name, help, byTrack(read));
    gauge('canary_sessions', 'Live sessions pinned to the track.', (s, t) => s.tracks[t].sessions);
    gauge('canary_streams', 'Open server-to-client streams.', (s, t) => s.tracks[t].streams);
    gauge('canary_calls_in_flight', 'Calls not yet answered.', (s, t) => s.tracks[t].inFlight);
    gauge(
      'canary_proxy_weight',
      'Share of the new sessions that the proxy gives to the track.',
      (s, t) => s.route.tracks[t]?.weight ?? 0,
    );
  }

  /** All that `read` gives of each service. */
  private forEach<T>(read: (metered: Metered) => readonly T[]): () => T[] {
    return () => [...this.services()].flatMap(read);
  }

  private counter(name: string, help: string, read: () => readonly Sample[]): void {
    new Counter({
      name,
      help,
      labelNames: LABELS,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  }

  private gauge(name: string, help: string, read: (metered: Metered) => readonly Sample[]): void {
    const all = this.forEach(read);
    new Gauge({
      name,
      help,
      labelNames: LABELS,
      registers: [this.registry],
      collect() {
        for (const [labels, value] of all()) this.set(labels, value);
      },
    });
  }
}

const LABELS = ['service', 'track', 'tool', 'outcome', 'reason', 'result'];

function byTrack(read: (state: ServiceState, track: Track) => number) {
  return ({ state }: Metered): Sample[] =>
    TRACKS.map((track) => [{ service: state.service, track }, read(state, track)] as const);
}
