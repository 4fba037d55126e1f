/** Turns the proxy's counters, which begin anew with each of its starts, into counters of the rollout (pure). */
import { TRACKS, type ServiceState, type Track } from '../../common/protocol.js';

interface Count {
  readonly sessionsOpened: number;
  readonly calls: number;
}

/** Where the reading of the proxy stands. */
export interface ProxyCursor {
  readonly epoch: string | null;
  /** The number of the last call that was read in this epoch. */
  readonly after: number;
  /** The proxy's own counters when they were last read. */
  readonly raw: Readonly<Record<Track, Count>>;
  /** What they add up to since the rollout began. */
  readonly total: Readonly<Record<Track, Count>>;
}

const zero: Count = { sessionsOpened: 0, calls: 0 };
const zeros: Readonly<Record<Track, Count>> = { stable: zero, canary: zero, baseline: zero };

export const newCounters: ProxyCursor = { epoch: null, after: 0, raw: zeros, total: zeros };

/** The cursor after another look at the counters. The first look ever only sets the marks. */
export function readCounters(
  cursor: ProxyCursor,
  epoch: string,
  tracks: ServiceState['tracks'],
): ProxyCursor {
  const first = cursor.epoch === null;
  const restarted = cursor.epoch !== epoch;
  const total = perTrack((track) => {
    if (first) return zero;
    const before = restarted ? zero : cursor.raw[track];
    return {
      sessionsOpened:
        cursor.total[track].sessionsOpened + tracks[track].sessionsOpened - before.sessionsOpened,
      calls: cursor.total[track].calls + tracks[track].calls - before.calls,
    };
  });
  const raw = perTrack((track) => ({
    sessionsOpened: tracks[track].sessionsOpened,
    calls: tracks[track].calls,
  }));
  return { epoch, after: restarted ? 0 : cursor.after, raw, total };
}

function perTrack(count: (track: Track) => Count): Readonly<Record<Track, Count>> {
  return Object.fromEntries(TRACKS.map((track) => [track, count(track)])) as Record<Track, Count>;
}
