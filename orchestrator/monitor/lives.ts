/** Which processes ended or were replaced between two looks, and whether PM2 had been told to (pure). */
import type { Track } from '../../common/protocol.js';
import type { ExitEvent } from '../judge/types.js';
import { sameLife, type Instance } from '../proc/instance.js';
import type { DaemonLook, TrackLook } from '../rollout/look.js';
import { noDeeds, type DaemonDeeds } from './daemon-log.js';

export type DaemonUp = Extract<DaemonLook, { kind: 'up' }>;

/** What PM2 has for each track. */
export function appsOf({
  main,
  canary,
  baseline,
}: DaemonUp): readonly (readonly [Track, TrackLook | null])[] {
  return [
    ['stable', main],
    ['canary', canary],
    ['baseline', baseline],
  ];
}

interface TrackLife {
  readonly life: Instance | null;
  /** When PM2 was last told to start it. */
  readonly orderedAtMs: number | null;
}

/** The processes that were there at the last look. */
export interface Lives {
  readonly daemonStartedAtMs: number;
  readonly tracks: Partial<Readonly<Record<Track, TrackLife>>>;
  /** What PM2 does to an app whose old process was still there. */
  readonly deeds: DaemonDeeds;
}

export const noLives: Lives = { daemonStartedAtMs: 0, tracks: {}, deeds: noDeeds };

export interface LifeLook {
  readonly daemon: DaemonUp;
  /** What PM2's log says since the last look. */
  readonly deeds: DaemonDeeds;
  /** Whatever ended since the last look had been told to, by this program. */
  readonly ordered: boolean;
  readonly nowMs: number;
}

export interface LifeReading {
  readonly events: readonly ExitEvent[];
  readonly lives: Lives;
  /** What PM2 did to the apps that are looked at, as far as it explains how they are now. */
  readonly deeds: DaemonDeeds;
}

/** The processes that ended since the last look without an order of ours, and those that are there now. */
export function readLives(
  before: Lives,
  { daemon, deeds: fresh, ordered, nowMs }: LifeLook,
): LifeReading {
  // A new daemon has restarted its apps.
  const expected = ordered || daemon.startedAtMs !== before.daemonStartedAtMs;
  const deeds = ownDeeds(daemon, before.deeds, fresh);
  const ended = appsOf(daemon).filter(([track, app]) => hasEnded(before.tracks[track], app));
  const events = ended.map(([track, app]): ExitEvent => {
    const cause = causeOf(before.tracks[track], app, deeds);
    const code = app?.exitCode ?? null;
    return { type: 'exit', atMs: nowMs, track, code, ...(cause === null ? {} : { cause }) };
  });
  const forgotten = { memoryRestarts: new Set(deeds.memoryRestarts), stops: new Set(deeds.stops) };
  for (const [, app] of ended) if (app !== null) forgotten.memoryRestarts.delete(app.app.pmId);
  for (const [track, app] of appsOf(daemon)) {
    if (app?.life != null && !sameLife(app.life, before.tracks[track]?.life ?? null)) {
      forgotten.stops.delete(app.app.pmId);
    }
  }
  const lives = {
    daemonStartedAtMs: daemon.startedAtMs,
    tracks: Object.fromEntries(appsOf(daemon).map(([track, app]) => [track, lifeOf(app)])),
    deeds: forgotten,
  };
  return { events: expected ? [] : events, lives, deeds };
}

function lifeOf(app: TrackLook | null): TrackLife {
  return { life: app?.life ?? null, orderedAtMs: app?.app.orderedAtMs ?? null };
}

function hasEnded(before: TrackLife | undefined, app: TrackLook | null): boolean {
  return before?.life != null && !sameLife(before.life, app?.life ?? null);
}

/** Why a process ended, where that is known: PM2 restarted it for its memory, or was told to end it. */
function causeOf(
  before: TrackLife | undefined,
  app: TrackLook | null,
  { memoryRestarts, stops }: DaemonDeeds,
): ExitEvent['cause'] | null {
  if (app === null) return 'ordered';
  if (memoryRestarts.has(app.app.pmId)) return 'max_memory_restart';
  const { orderedAtMs } = app.app;
  const restarted = orderedAtMs !== null && orderedAtMs !== before?.orderedAtMs;
  return restarted || stops.has(app.app.pmId) ? 'ordered' : null;
}

/**
 * PM2's log tells of all its apps; only these are looked at. An app that is `stopping` was told to,
 * whatever the log says: PM2 never says that of one that ended by itself.
 */
function ownDeeds(daemon: DaemonUp, before: DaemonDeeds, fresh: DaemonDeeds): DaemonDeeds {
  const apps = appsOf(daemon).flatMap(([, app]) => app ?? []);
  const own = new Set(apps.map(({ app }) => app.pmId));
  const both = (key: keyof DaemonDeeds): readonly number[] =>
    [...before[key], ...fresh[key]].filter((pmId) => own.has(pmId));
  const stopping = apps.filter(({ status }) => status === 'stopping').map(({ app }) => app.pmId);
  return {
    memoryRestarts: new Set(both('memoryRestarts')),
    stops: new Set([...both('stops'), ...stopping]),
  };
}
