/**
 * The clients of one session's calls that may come back for them, by their requests' ids (raw
 * tokens). As many as there are such calls; of those that are away, so many.
 */
import type { BodyBudget } from './body.js';
import type { Caller } from './caller.js';

const MAX_AWAY = 16;

export class Callers {
  /** What the answers may take that are kept for them. */
  readonly bodies: BodyBudget;
  /** Made when it is needed. */
  private byId: Map<string, Caller> | null = null;

  constructor(bodies: BodyBudget) {
    this.bodies = bodies;
  }

  /** False when another call under way has that id. */
  add(id: string, caller: Caller): boolean {
    this.byId ??= new Map();
    if (this.byId.has(id)) return false;
    this.byId.set(id, caller);
    return true;
  }

  get(id: string): Caller | undefined {
    return this.byId?.get(id);
  }

  delete(id: string): void {
    this.byId?.delete(id);
  }

  /** One more may be waited for. */
  get hasRoom(): boolean {
    const away = [...(this.byId?.values() ?? [])].filter(({ isAway }) => isAway);
    return away.length < MAX_AWAY;
  }
}
