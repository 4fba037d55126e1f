/**
 * Legacy SSE sessions whose client is away: it, or this process, lost its connection. The official
 * SDKs' clients (TypeScript, both generations) open a new stream then, drop the `Last-Event-ID` that
 * would name their session, take the new endpoint and never send `initialize` again. They are known
 * by what they send on (address, user agent, credentials).
 *
 * What a session takes over is what was agreed on, no more: it reaches instances with its own
 * client's credentials. So several sessions that fit are as good as each other when they agreed on
 * the same. Of what they wait for, only that is answered which all of them wait for: whoever it is
 * that came back, the answer is right.
 */
import type { Session, Standing } from '../session.js';
import type { Sessions } from '../sessions.js';
import type { UnansweredCall } from './unanswered.js';

/** A session that a client that comes back may go on with. */
export interface Claim {
  readonly session: Session;
  readonly standing: Standing;
  /** There was no other one of the same client. */
  readonly isOnly: boolean;
}

export class Absentees {
  private readonly sessions: Sessions;
  private readonly isPresent: (session: Session) => boolean;
  private readonly claimed = new WeakSet<Session>();

  constructor(sessions: Sessions, isPresent: (session: Session) => boolean) {
    this.sessions = sessions;
    this.isPresent = isPresent;
  }

  /** Sets a session of the client aside; null when none fits, or those that do are not alike. */
  claim(client: string): Claim | null {
    const away = this.of(client);
    const agreed = away.filter(({ negotiated }) => negotiated !== null);
    const fitting = agreed.length > 0 ? agreed : away;
    const session = fitting.find((one) => !this.claimed.has(one));
    if (session === undefined || !areAlike(fitting)) return null;
    this.claimed.add(session);
    const standing = { ...session.standing, restore: inAll(fitting) };
    return { session, standing, isOnly: away.length === 1 };
  }

  /** It was not needed. */
  giveBack({ session }: Claim): void {
    this.claimed.delete(session);
  }

  /** What the client that has come back waits for. It is not told a second time. */
  waitedFor({ session }: Claim): UnansweredCall[] {
    const { unanswered } = this.sessions;
    const alike = session.client === null ? [] : this.of(session.client);
    if (alike.length <= 1) return unanswered.takeAll(session.id);
    const calls = alike.map(({ id }) => unanswered.takeAll(id));
    const common = (calls[0] ?? [])
      .filter(({ id }) => calls.every((others) => others.some((call) => call.id === id)))
      .map(({ id }) => ({ id, body: null }));
    for (const { id } of alike)
      if (id !== session.id) common.forEach((call) => unanswered.add(id, call));
    return common;
  }

  /** The client's sessions that wait for it: those that agreed on something, or wait to do so. */
  of(client: string): Session[] {
    return [...this.sessions.values()].filter(
      (session) =>
        session.kind === 'sse' &&
        session.client === client &&
        (session.negotiated !== null || this.waits(session)) &&
        !this.isPresent(session),
    );
  }

  private waits({ id }: Session): boolean {
    return this.sessions.unanswered.has(id);
  }
}

function areAlike(sessions: readonly Session[]): boolean {
  return new Set(sessions.map(({ negotiated }) => JSON.stringify(negotiated))).size === 1;
}

/** The requests that rebuild the state of each of them. */
function inAll(sessions: readonly Session[]): Map<string, string> {
  const [first, ...others] = sessions;
  const shared = [...(first?.restore ?? [])].filter(([key]) =>
    others.every(({ restore }) => restore.has(key)),
  );
  return new Map(shared);
}
