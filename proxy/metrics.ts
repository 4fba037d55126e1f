/** What Prometheus sees of the data plane. Label sets are bounded: tools beyond a number are one. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { TRACKS, type Outcome, type ServiceState, type Track } from '../common/protocol.js';

/** Tools per service with a label of their own; the others share `_other`. */
const MAX_TOOLS = 100;

const LATENCY_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

interface CallMetric {
  readonly service: string;
  readonly track: Track;
  readonly tool: string;
  readonly outcome: Outcome;
  readonly latencyMs: number;
}

interface Children {
  readonly calls: Counter.Internal;
  readonly latency: Histogram.Internal<string>;
}

export class ProxyMetrics {
  readonly registry = new Registry();
  private readonly tools = new Map<string, Set<string>>();
  private readonly byLabels = new Map<string, Children>();
  private readonly calls = new Counter({
    name: 'canary_proxy_calls_total',
    help: 'Finished calls by track, tool and outcome.',
    labelNames: ['service', 'track', 'tool', 'outcome'],
    registers: [this.registry],
  });
  private readonly latency = new Histogram({
    name: 'canary_proxy_call_duration_seconds',
    help: 'From a request’s arrival to the last byte of its answer.',
    labelNames: ['service', 'track'],
    buckets: LATENCY_BUCKETS_S,
    registers: [this.registry],
  });
  private readonly moves = new Counter({
    name: 'canary_proxy_sessions_moved_total',
    help: 'Sessions that were set up again on the track.',
    labelNames: ['service', 'track'],
    registers: [this.registry],
  });

  /** `states` is read at each scrape. */
  constructor(states: () => Iterable<ServiceState>) {
    const gauge = (
      name: string,
      help: string,
      read: (state: ServiceState, track: Track) => number,
    ) =>
      new Gauge({
        name,
        help,
        labelNames: ['service', 'track'],
        registers: [this.registry],
        collect() {
          for (const state of states()) {
            for (const track of TRACKS)
              this.set({ service: state.service, track }, read(state, track));
          }
        },
      });
    gauge(
      'canary_proxy_sessions',
      'Live sessions pinned to the track.',
      (s, t) => s.tracks[t].sessions,
    );
    gauge(
      'canary_proxy_requests_in_flight',
      'Requests not yet answered.',
      (s, t) => s.tracks[t].inFlight,
    );
    gauge('canary_proxy_streams', 'Open server-to-client streams.', (s, t) => s.tracks[t].streams);
    gauge(
      'canary_proxy_weight',
      'Share of the new sessions.',
      (s, t) => s.route.tracks[t]?.weight ?? 0,
    );
    new Gauge({
      name: 'canary_proxy_listening',
      help: '1 when the service’s port is held.',
      labelNames: ['service'],
      registers: [this.registry],
      collect() {
        for (const state of states()) this.set({ service: state.service }, state.listening ? 1 : 0);
      },
    });
  }

  callFinished({ service, track, tool, outcome, latencyMs }: CallMetric): void {
    const { calls, latency } = this.children(service, track, tool, outcome);
    calls.inc();
    latency.observe(latencyMs / 1_000);
  }

  sessionMoved(service: string, track: Track): void {
    this.moves.inc({ service, track });
  }

  /** The metrics with their labels filled in: made once, since that costs more than counting. */
  private children(service: string, track: Track, tool: string, outcome: Outcome): Children {
    const label = this.toolLabel(service, tool);
    const key = `${service} ${track} ${outcome} ${label}`;
    const known = this.byLabels.get(key);
    if (known !== undefined) return known;
    const calls = this.calls.labels({ service, track, tool: label, outcome });
    const made = { calls, latency: this.latency.labels({ service, track }) };
    this.byLabels.set(key, made);
    return made;
  }

  private toolLabel(service: string, tool: string): string {
    const known = this.tools.get(service) ?? new Set<string>();
    this.tools.set(service, known);
    if (known.has(tool)) return tool;
    if (known.size >= MAX_TOOLS) return '_other';
    known.add(tool);
    return tool;
  }
}
