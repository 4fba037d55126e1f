/**
 * Collects a rollout's evidence: the calls that the proxy saw end, the memory of both process
 * trees, exits nobody ordered. It stores all it sees and feeds the judge.
 *
 * 1. What is judged is what is stored: after a restart the judge is rebuilt from the store.
 * 2. While main bakes, main is what is judged: its events take the canary's place.
 */
import type { Instance } from '../proc/tree.js';
import type { Track } from '../../common/protocol.js';
import { createJudge } from '../judge/judge.js';
import type { Assessment, EvidenceEvent, Judge, ProcessEvent } from '../judge/types.js';
import type { ProxyClient } from '../proxy-client.js';
import type { Look, TrackLook } from '../rollout/look.js';
import type { Phase } from '../rollout/phase.js';
import type { Rollout } from '../rollout/rollout.js';
import type { Store } from '../store/store.js';
import { newCursor, readCounters, type ProxyCursor } from './counters.js';

const PAGE_CALLS = 5_000;
/** Bounds one look; what is left over is read by the next. */
const MAX_PAGES = 20;

export class Monitor {
  readonly #store: Store;
  readonly #proxy: ProxyClient;
  readonly #rolloutId: string;
  readonly #service: string;
  #cursor: ProxyCursor;
  #judge: Judge;
  #judged: 'trial' | 'bake';
  #lives: Partial<Record<Track, Instance | null>> = {};
  #daemonStartedAtMs = 0;
  #sampledAtMs = 0;

  constructor(store: Store, proxy: ProxyClient, rollout: Rollout) {
    this.#store = store;
    this.#proxy = proxy;
    this.#rolloutId = rollout.id;
    this.#service = rollout.service;
    this.#cursor = store.cursor(rollout.id) ?? newCursor;
    this.#judged = kindOf(rollout.phase);
    this.#judge = rebuild(store, rollout);
  }

  /** Takes in what a look showed, and the calls that ended since the last one. */
  async collect(rollout: Rollout, look: Look, nowMs: number): Promise<void> {
    const events: EvidenceEvent[] = [];
    if (look.proxy.kind === 'up') {
      const { epoch, service } = look.proxy;
      this.#cursor = readCounters(this.#cursor, epoch, service.tracks);
      events.push(...(await this.#readCalls(rollout)));
    }
    events.push(...this.#exits(rollout.phase, look, nowMs));
    if (nowMs - this.#sampledAtMs >= rollout.config.intervalMs) {
      this.#sampledAtMs = nowMs;
      events.push(...this.#samples(look, nowMs));
    }
    if (events.length > 0) this.#store.addEvidence(this.#rolloutId, events, this.#cursor);
    if (kindOf(rollout.phase) !== this.#judged) {
      this.#judged = kindOf(rollout.phase);
      this.#judge = rebuild(this.#store, rollout);
    } else {
      for (const event of judgedAs(rollout.phase, events)) this.#judge.add(event);
    }
  }

  /** What the judge says now; null in phases that are not judged. */
  assess(phase: Phase, nowMs: number): Assessment | null {
    return isJudged(phase) ? this.#judge.assess(nowMs) : null;
  }

  async #readCalls(rollout: Rollout): Promise<EvidenceEvent[]> {
    const events: EvidenceEvent[] = [];
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const reply = await this.#proxy.calls(this.#service, this.#cursor.after, PAGE_CALLS);
      if (reply.kind === 'down') break;
      const { epoch, calls, nextAfter } = reply.value;
      if (epoch !== this.#cursor.epoch) break;
      this.#cursor = { ...this.#cursor, after: nextAfter };
      for (const { atMs, track, session, tool, outcome, latencyMs } of calls) {
        if (atMs < rollout.startedAtMs) continue;
        events.push({ type: 'call', atMs, track, session, tool, outcome, latencyMs });
      }
      if (calls.length < PAGE_CALLS) break;
    }
    return events;
  }

  /** Processes that ended or were replaced without an order of ours. */
  #exits(phase: Phase, look: Look, nowMs: number): EvidenceEvent[] {
    if (look.daemon.kind === 'down') return [];
    const sameDaemon = look.daemon.startedAtMs === this.#daemonStartedAtMs;
    this.#daemonStartedAtMs = look.daemon.startedAtMs;
    const events: EvidenceEvent[] = [];
    for (const track of ['stable', 'canary'] as const) {
      const seen = look.daemon[track === 'stable' ? 'main' : 'canary'];
      const before = this.#lives[track];
      const life = seen?.life ?? null;
      this.#lives[track] = life;
      // A new daemon has restarted its apps, and a swap restarts main: both are ordered.
      if (!sameDaemon || !isJudged(phase) || before == null) continue;
      if (life?.pid !== before.pid || life.startTicks !== before.startTicks) {
        events.push({ type: 'exit', atMs: nowMs, track, code: seen?.exitCode ?? null });
      }
    }
    return events;
  }

  #samples(look: Look, nowMs: number): EvidenceEvent[] {
    if (look.daemon.kind === 'down') return [];
    const tracks = [
      ['stable', look.daemon.main],
      ['canary', look.daemon.canary],
    ] as const;
    return tracks.flatMap(([track, seen]) => this.#sample(track, seen, nowMs) ?? []);
  }

  #sample(track: Track, seen: TrackLook | null, nowMs: number): ProcessEvent | null {
    if (seen?.life == null || seen.rssBytes === null) return null;
    return {
      type: 'process',
      atMs: nowMs,
      track,
      rssBytes: seen.rssBytes,
      restarts: seen.restarts,
      uptimeMs: Math.max(0, nowMs - seen.startedAtMs),
      ...this.#cursor.total[track],
    };
  }
}

function rebuild(store: Store, rollout: Rollout): Judge {
  const { config, phase } = rollout;
  const judge = createJudge(config.judge);
  const baking = phase.kind === 'baking';
  judge.add({
    type: 'rollout',
    service: rollout.service,
    startedAtMs: baking ? phase.startedAtMs : rollout.startedAtMs,
    windowMs: baking
      ? config.bakeMs
      : config.steps.reduce((sum, { windowMs }) => sum + windowMs, 0),
    weight: baking ? 1 : (config.steps[0]?.weight ?? 0),
    rssLimitBytes: config.judge.memory.maxRssBytes,
  });
  for (const event of judgedAs(phase, store.evidence(rollout.id))) judge.add(event);
  return judge;
}

function kindOf(phase: Phase): 'trial' | 'bake' {
  return phase.kind === 'baking' ? 'bake' : 'trial';
}

/** Phases in which an instance that carries agents is on trial. */
function isJudged(phase: Phase): boolean {
  switch (phase.kind) {
    case 'observing':
    case 'baking':
      return true;
    case 'held':
      return phase.why !== 'main-down';
    case 'promoting':
      return phase.stage === 'leaving-main';
    default:
      return false;
  }
}

/** The events as the judge shall see them (invariant 2). */
function* judgedAs(phase: Phase, events: Iterable<EvidenceEvent>): Generator<EvidenceEvent> {
  if (phase.kind !== 'baking') {
    yield* events;
    return;
  }
  for (const event of events) {
    if (event.type === 'rollout' || event.type === 'weight') continue;
    if (event.track === 'stable' && event.atMs >= phase.startedAtMs) {
      yield { ...event, track: 'canary' };
    }
  }
}
