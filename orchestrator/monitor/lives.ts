/** Which processes ended or were replaced between two looks (pure). */
import type { Track } from '../../common/protocol.js';
import type { ExitEvent } from '../judge/types.js';
import type { Instance } from '../proc/tree.js';
import type { DaemonLook, TrackLook } from '../rollout/look.js';

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

/** The processes that were there at the last look. */
export interface Lives {
  readonly daemonStartedAtMs: number;
  readonly tracks: Partial<Readonly<Record<Track, Instance | null>>>;
  /** Apps, by pm_id, that PM2 restarts for their memory and whose old process was still there. */
  readonly memoryRestarts: ReadonlySet<number>;
}

export const noLives: Lives = { daemonStartedAtMs: 0, tracks: {}, memoryRestarts: new Set() };

export interface LifeLook {
  readonly daemon: DaemonUp;
  /** Apps, by pm_id, that PM2's log names as restarted for their memory since the last look. */
  readonly memoryRestarts: ReadonlySet<number>;
  /** Whatever ended since the last look had been told to. */
  readonly ordered: boolean;
  readonly nowMs: number;
}

/** The processes that ended since the last look without an order, and those that are there now. */
export function readLives(
  before: Lives,
  { daemon, memoryRestarts, ordered, nowMs }: LifeLook,
): { readonly events: readonly ExitEvent[]; readonly lives: Lives } {
  // A new daemon has restarted its apps.
  const expected = ordered || daemon.startedAtMs !== before.daemonStartedAtMs;
  const restarting = new Set([...before.memoryRestarts, ...memoryRestarts]);
  const ended = appsOf(daemon).filter(([track, app]) => hasEnded(before.tracks[track], app));
  const events = ended.map(([track, app]): ExitEvent => {
    const forMemory = app !== null && restarting.has(app.pmId);
    const cause = forMemory ? { cause: 'max_memory_restart' } : {};
    return { type: 'exit', atMs: nowMs, track, code: app?.exitCode ?? null, ...cause };
  });
  for (const [, app] of ended) if (app !== null) restarting.delete(app.pmId);
  const lives = {
    daemonStartedAtMs: daemon.startedAtMs,
    tracks: Object.fromEntries(appsOf(daemon).map(([track, app]) => [track, app?.life ?? null])),
    memoryRestarts: ownRestarts(daemon, restarting),
  };
  return { events: expected ? [] : events, lives };
}

function hasEnded(before: Instance | null | undefined, app: TrackLook | null): boolean {
  if (before == null) return false;
  return app?.life?.pid !== before.pid || app.life.startTicks !== before.startTicks;
}

/** PM2's log tells of all its apps; only these are looked at. */
function ownRestarts(daemon: DaemonUp, pmIds: ReadonlySet<number>): ReadonlySet<number> {
  return new Set(
    appsOf(daemon).flatMap(([, app]) => (app && pmIds.has(app.pmId) ? [app.pmId] : [])),
  );
}
