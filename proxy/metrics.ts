/**
 * What Prometheus sees of the data plane. Everything is counted elsewhere, in plain numbers, and
 * read here at each scrape. Label sets are bounded (call-meter.ts).
 */
import type { ServerResponse } from 'node:http';
import { Registry } from 'prom-client';
import {
  readCounter,
  readGauge,
  readHistogram,
  type Family,
  type Sample,
} from '../common/metrics.js';
import { addProcessMetrics, type ProcessFacts } from '../common/process-metrics.js';
import { TRACKS, type ServiceState, type Track } from '../common/protocol.js';
import type { Accounts } from './accounts.js';
import { LATENCY_BOUNDS_S } from './call-meter.js';
import { CallText } from './call-text.js';
import { Page } from './page.js';
import { END_REASONS, LOSS_REASONS, MOVE_REASONS, MOVE_RESULTS } from './session-meter.js';
import type { CanaryShare } from './share.js';

/** A service, as far as it is measured. */
export interface Metered {
  readonly state: ServiceState;
  readonly accounts: Accounts;
  readonly canaryShare: CanaryShare;
}

type Read<T = number> = (metered: Metered) => readonly Sample<T>[];

export class ProxyMetrics {
  private readonly registry = new Registry();
  private readonly calls = new CallText();
  private readonly page = new Page();
  private readonly services: () => Iterable<Metered>;

  /** `services` is read at each scrape. */
  constructor(process: ProcessFacts, services: () => Iterable<Metered>) {
    this.services = services;
    this.addSessions();
    this.addTracks();
    this.gauge(
      {
        name: 'canary_service_listening',
        help: "1 when the proxy holds the service's port.",
        labelNames: ['service'],
      },
      ({ state: { service, listening } }) => [[{ service }, listening ? 1 : 0]],
    );
    this.gauge(
      {
        name: 'canary_weight_ratio',
        help: "The canary's share of the new sessions: what the proxy was set to give, and what it gave since.",
        labelNames: ['service', 'kind'],
      },
      ({ state: { service }, canaryShare: { set, actual } }) => [
        [{ service, kind: 'set' }, set],
        ...(actual === null ? [] : [[{ service, kind: 'actual' }, actual] as const]),
      ],
    );
    this.counter(
      {
        name: 'canary_mcp_rpc_errors_total',
        help: "Requests answered with a JSON-RPC error, a server's or the proxy's own, by its code.",
        labelNames: ['service', 'track', 'code'],
      },
      ({ state: { service }, accounts: { rpcErrors } }) =>
        TRACKS.flatMap((track) =>
          [...rpcErrors.on(track)].map(
            ([code, errors]) => [{ service, track, code }, errors] as const,
          ),
        ),
    );
    readHistogram(
      this.registry,
      {
        name: 'canary_mcp_first_byte_seconds',
        help: "From a request's arrival to the first byte of its answer, if there was one.",
        labelNames: ['service', 'track'],
        boundsS: LATENCY_BOUNDS_S,
      },
      this.forEach(({ state: { service }, accounts }) =>
        TRACKS.map((track) => [{ service, track }, accounts.calls.firstByte[track]] as const),
      ),
    );
    addProcessMetrics(this.registry, process);
  }

  /** Answers a scrape. */
  async answer(res: ServerResponse): Promise<void> {
    const rest = Buffer.from(await this.registry.metrics());
    const calls = [...this.services()].map(({ state: { service }, accounts }) => {
      return { service, calls: accounts.calls };
    });
    const text = this.page.join([rest, ...this.calls.render(calls)]);
    res.once('close', () => this.page.giveBack(text));
    res.setHeader('content-type', this.registry.contentType);
    res.end(text);
  }

  private addSessions(): void {
    this.counter(
      {
        name: 'canary_sessions_opened_total',
        help: 'Sessions set up on the track, those that moved to it included.',
        labelNames: ['service', 'track'],
      },
      byTrack((state, track) => state.tracks[track].sessionsOpened),
    );
    this.counter(
      {
        name: 'canary_sessions_moved_total',
        help: 'Sessions that had to be set up again, by reason, and whether an instance was found.',
        labelNames: ['service', 'reason', 'result'],
      },
      ({ state: { service }, accounts: { sessions } }) =>
        MOVE_REASONS.flatMap((reason) =>
          MOVE_RESULTS.map(
            (result) => [{ service, reason, result }, sessions.moved[reason][result]] as const,
          ),
        ),
    );
    this.counter(
      {
        name: 'canary_sessions_lost_total',
        help: 'Sessions whose client was told that no instance could be reached, or would take them.',
        labelNames: ['service', 'reason'],
      },
      ({ state: { service }, accounts: { sessions } }) =>
        LOSS_REASONS.map((reason) => [{ service, reason }, sessions.lost[reason]] as const),
    );
    this.counter(
      {
        name: 'canary_sessions_ended_total',
        help: 'Sessions that are over, by the track that they were on and the reason.',
        labelNames: ['service', 'track', 'reason'],
      },
      ({ state: { service }, accounts: { sessions } }) =>
        TRACKS.flatMap((track) =>
          END_REASONS.map(
            (reason) => [{ service, track, reason }, sessions.ended[track][reason]] as const,
          ),
        ),
    );
  }

  private addTracks(): void {
    const gauge = (
      name: string,
      help: string,
      read: (state: ServiceState, track: Track) => number,
    ): void => this.gauge({ name, help, labelNames: ['service', 'track'] }, byTrack(read));
    gauge('canary_sessions', 'Live sessions pinned to the track.', (s, t) => s.tracks[t].sessions);
    gauge('canary_streams', 'Open server-to-client streams.', (s, t) => s.tracks[t].streams);
    gauge('canary_calls_in_flight', 'Calls not yet answered.', (s, t) => s.tracks[t].inFlight);
  }

  /** All that `read` gives of each service. */
  private forEach<T>(read: Read<T>): () => Sample<T>[] {
    return () => [...this.services()].flatMap(read);
  }

  private counter(family: Family, read: Read): void {
    readCounter(this.registry, family, this.forEach(read));
  }

  private gauge(family: Family, read: Read): void {
    readGauge(this.registry, family, this.forEach(read));
  }
}

function byTrack(read: (state: ServiceState, track: Track) => number): Read {
  return ({ state }) =>
    TRACKS.map((track) => [{ service: state.service, track }, read(state, track)] as const);
}
