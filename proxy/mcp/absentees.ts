/**
 * Legacy SSE sessions whose client is away: it, or this process, lost its connection. The official
 * SDKs' clients (TypeScript, both generations) open a new stream then, drop the `Last-Event-ID` that
 * would name their session, take the new endpoint and never send `initialize` again. They are known
 * by what they send on (address, user agent, credentials).
 *
 * What a session takes over is what was agreed on, no more: it reaches instances with its own
 * client's credentials. So several sessions that fit are as good as each other when they agreed on
 * the same. What any of them waits for is answered with an error, to each that comes back: clients
 * pass over answers that they do not wait for. What a client has sent since it came back is its own.
 */
import type { Session, Standing } from '../session.js';
import type { Sessions } from '../sessions.js';
import type { UnansweredCall } from './unanswered.js';

/** A session that a client that comes back may go on with. */
export interface Claim {
  readonly session: Session;
  /** Null when those that fit agreed on different things. */
  readonly standing: Standing | null;
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

  /** Sets a session of the client aside; null when none fits. */
  claim(client: string): Claim | null {
    return this.claimAmong(this.of(client)) ?? this.claimAmong(this.away(client));
  }

  private claimAmong(away: readonly Session[]): Claim | null {
    const agreed = away.filter(({ negotiated }) => negotiated !== null);
    const fitting = agreed.length > 0 ? agreed : away;
    const session = fitting.find((one) => !this.claimed.has(one));
    if (session === undefined) return null;
    this.claimed.add(session);
    const standing = areAlike(fitting) ? { ...session.standing, restore: inAll(fitting) } : null;
    return { session, standing, isOnly: away.length === 1 };
  }

  /** It was not needed. */
  giveBack({ session }: Claim): void {
    this.claimed.delete(session);
  }

  /** What the client that has come back may wait for, but for the ids (raw tokens) that it has `sent`. */
  waitedFor({ session }: Claim, sent: ReadonlySet<string>): UnansweredCall[] {
    const { unanswered } = this.sessions;
    const away = session.client === null ? [] : this.of(session.client);
    if (away.length <= 1) return unanswered.takeAll(session.id).filter(({ id }) => !sent.has(id));
    const ids = new Set(away.flatMap((one) => unanswered.takeAll(one.id).map(({ id }) => id)));
    const calls = [...ids].map((id) => ({ id, body: null }));
    for (const { id } of away)
      if (id !== session.id) calls.forEach((call) => unanswered.add(id, call));
    return calls.filter(({ id }) => !sent.has(id));
  }

  /**
   * The client's sessions that wait for it: those that the end of the last process has cut, whose
   * clients are alive; else all, since one that has left cannot be told from one that lost its stream.
   */
  of(client: string): Session[] {
    const away = this.away(client);
    const cut = away.filter((session) => this.sessions.wasCut(session));
    return cut.length > 0 ? cut : away;
  }

  /** Those that agreed on something, or wait to do so, and whose client is not there. */
  private away(client: string): Session[] {
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
