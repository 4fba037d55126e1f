/** A legacy SSE session's connections to instances: the current one, and old ones with calls. */
import type { Stoppable, TrackMeter } from '../tracks.js';
import type { Upline } from './upline.js';

interface OpenUpline {
  readonly upline: Upline;
  readonly stream: Stoppable;
  readonly meter: TrackMeter;
}

export class Uplines {
  private readonly byGeneration = new Map<number, OpenUpline>();

  /** Adds a connection, as an open stream of its track. */
  add(open: OpenUpline): void {
    this.byGeneration.set(open.upline.generation, open);
    open.meter.open.add(open.stream);
  }

  get generations(): number[] {
    return [...this.byGeneration.keys()];
  }

  /** Closes a connection and gives it, null when it was closed before. */
  close(generation: number): Upline | null {
    const open = this.byGeneration.get(generation);
    if (open === undefined) return null;
    this.byGeneration.delete(generation);
    open.meter.open.delete(open.stream);
    open.upline.close();
    return open.upline;
  }
}
