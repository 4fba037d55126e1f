/** The proxy port in memory: it splits calls by the route that it was given, and forwards each with `fetch`. */
import type {
  CallPage,
  CallRecord,
  NegotiatedState,
  ProxyState,
  Route,
  ServiceState,
  Track,
  TrackState,
} from '../../common/protocol.js';
import type { ServiceConfig } from '../../config/types.js';
import type { ProxyClient, ProxyReply } from '../../orchestrator/proxy-client.js';
import { stableOnly } from '../../orchestrator/rollout/route.js';

/** Spreads shares evenly: 10 % of 20 calls are 2. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

const ok = <T>(value: T): Promise<ProxyReply<T>> => Promise.resolve({ kind: 'ok', value });

export class MemoryProxy implements ProxyClient {
  readonly #service: ServiceConfig;
  readonly #startedAtMs = Date.now();
  readonly #calls: CallRecord[] = [];
  readonly #inFlight: Record<Track, number> = { stable: 0, canary: 0, baseline: 0 };
  #route: Route;
  #asked = 0;

  constructor(service: ServiceConfig) {
    this.#service = service;
    this.#route = stableOnly(service);
  }

  /** One call of an agent, a session of its own. Gives the answer's text; rejects when there is none. */
  async call(): Promise<string> {
    const seq = ++this.#asked;
    const track = this.#pick((seq * GOLDEN) % 1);
    const { host, port } = this.#route.tracks[track] ?? this.#route.tracks.stable;
    const beganAtMs = Date.now();
    this.#inFlight[track] += 1;
    try {
      const answer = await fetch(`http://${host}:${port}/`, { headers: { connection: 'close' } });
      const text = await answer.text();
      this.#record(seq, track, answer.ok ? 'ok' : 'http_error', beganAtMs);
      return text;
    } catch (error) {
      this.#record(seq, track, 'connect_error', beganAtMs);
      throw error;
    } finally {
      this.#inFlight[track] -= 1;
    }
  }

  state(): Promise<ProxyReply<ProxyState>> {
    const { name } = this.#service;
    return ok({
      pid: process.pid,
      epoch: 'memory',
      startedAtMs: this.#startedAtMs,
      services: { [name]: this.#state() },
    });
  }

  setRoute(_: string, route: Route): Promise<ProxyReply<ServiceState>> {
    this.#route = route;
    return ok(this.#state());
  }

  calls(_: string, after: number, limit: number): Promise<ProxyReply<CallPage>> {
    const calls = this.#calls.slice(after, after + limit);
    const nextAfter = calls.at(-1)?.seq ?? after;
    return ok({ epoch: 'memory', calls, missed: 0, nextAfter });
  }

  negotiated(): Promise<ProxyReply<NegotiatedState>> {
    return ok({
      protocolVersions: {},
      clientCapabilities: {},
      serverCapabilities: {},
      statelessVersions: {},
    });
  }

  #pick(share: number): Track {
    const { stable, canary } = this.#route.tracks;
    return canary !== undefined && share >= stable.weight ? 'canary' : 'stable';
  }

  #record(session: number, track: Track, outcome: CallRecord['outcome'], beganAtMs: number): void {
    const atMs = Date.now();
    this.#calls.push({
      seq: this.#calls.length + 1,
      atMs,
      track,
      session: String(session),
      placed: false,
      tool: 'http',
      outcome,
      latencyMs: atMs - beganAtMs,
    });
  }

  #state(): ServiceState {
    return {
      service: this.#service.name,
      listen: this.#service.listen,
      listening: true,
      listenError: null,
      route: this.#route,
      tracks: {
        stable: this.#trackState('stable'),
        canary: this.#trackState('canary'),
        baseline: this.#trackState('baseline'),
      },
    };
  }

  #trackState(track: Track): TrackState {
    const calls = this.#calls.filter((call) => call.track === track);
    return {
      sessions: 0,
      inFlight: this.#inFlight[track],
      streams: 0,
      sessionsOpened: calls.length,
      calls: calls.length,
      errors: calls.filter(({ outcome }) => outcome !== 'ok').length,
      placedCalls: 0,
    };
  }
}
