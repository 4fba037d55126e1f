/** What is remembered of each session, so that trouble that clusters in sessions is counted once. */

/** Sessions remembered; beyond it the oldest is forgotten and would count as new. */
const MAX_SESSIONS = 50_000;

/** One session's past: calls, incidents, and how many incidents were to be expected. */
export interface History {
  calls: number;
  incidents: number;
  expected: number;
}

/** Histories by session, bounded. */
export class SessionHistories {
  readonly #bySession = new Map<string, History>();

  of(session: string): History {
    const known = this.#bySession.get(session);
    if (known !== undefined) return known;
    const history = { calls: 0, incidents: 0, expected: 0 };
    this.#bySession.set(session, history);
    if (this.#bySession.size > MAX_SESSIONS) this.#forgetOldest();
    return history;
  }

  #forgetOldest(): void {
    const oldest = this.#bySession.keys().next();
    if (!oldest.done) this.#bySession.delete(oldest.value);
  }
}
