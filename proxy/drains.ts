/**
 * Ends what outstays its welcome: a track that is being emptied, or is not routed any more, keeps
 * its calls for the drain time; what is left then is stopped, and answered or sent again elsewhere.
 */
import { TRACKS, type Track } from '../common/protocol.js';
import type { DrainTimes } from '../config/types.js';
import type { Tracks } from './tracks.js';
import { WakingTimer } from './waking-timer.js';

export class Drains {
  private readonly timers = new Map<Track, WakingTimer[]>();
  private readonly tracks: Tracks;
  private readonly times: DrainTimes;

  constructor(tracks: Tracks, times: DrainTimes) {
    this.tracks = tracks;
    this.times = times;
  }

  /** Looks at the route as it is now; a drain that goes on keeps its first deadline. */
  update(): void {
    for (const track of TRACKS) {
      if (this.tracks.mayStay(track)) this.cancel(track);
      else if (!this.timers.has(track)) this.begin(track);
    }
  }

  close(): void {
    for (const track of TRACKS) this.cancel(track);
  }

  private begin(track: Track): void {
    const { live, open } = this.tracks.meter(track);
    this.timers.set(track, [
      new WakingTimer(this.times.callsMs, () => stopAll(live)),
      new WakingTimer(this.times.sessionsMs, () => stopAll(open)),
    ]);
  }

  private cancel(track: Track): void {
    for (const timer of this.timers.get(track) ?? []) timer.cancel();
    this.timers.delete(track);
  }
}

function stopAll(calls: ReadonlySet<{ stop(by: 'drained'): void }>): void {
  for (const call of [...calls]) call.stop('drained');
}
