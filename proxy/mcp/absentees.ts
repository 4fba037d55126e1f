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
 *
 * Not all that open a stream and say nothing are alive: clients of SDK 1 whose first stream was refused
 * go on trying when nobody uses them any more. So what one has taken over is kept for a while, and
 * given to others like it too.
 */
import type { Session, Standing } from '../session.js';
import type { Sessions } from '../sessions.js';
import type { UnansweredCall } from './unanswered.js';

/** For how long others may come that have lost their stream at the same time. */
const TAKEN_MS = 60_000;

/** What a client that comes back may go on with. */
export interface Claim {
  /** Null: another one like it has taken over the last. */
  readonly session: Session | null;
  /** Null when those that fit agreed on different things. */
  readonly standing: Standing | null;
  /** It cannot be another's: there is no other session, and no other client, that it could be of. */
  readonly isOnly: boolean;
}

/** What was taken over last for a client. */
interface Taken {
  readonly standing: Standing;
  /** The ids (raw tokens) of all that was waited for. */
  readonly ids: ReadonlySet<string>;
  /** Milliseconds of `performance.now()`. */
  readonly untilMs: number;
}

export class Absentees {
  private readonly sessions: Sessions;
  private readonly isPresent: (session: Session) => boolean;
  private readonly claimed = new WeakSet<Session>();
  /** By client, the oldest first. */
  private readonly taken = new Map<string, Taken>();

  constructor(sessions: Sessions, isPresent: (session: Session) => boolean) {
    this.sessions = sessions;
    this.isPresent = isPresent;
  }

  /** What the client could claim now; null when nothing fits. */
  find(client: string): Claim | null {
    const found = this.findAmong(this.of(client)) ?? this.findAmong(this.away(client));
    const standing = this.takenOf(client)?.standing;
    return found ?? (standing === undefined ? null : { session: null, standing, isOnly: false });
  }

  /** Sets a session of the client aside, if one fits. */
  claim(client: string): Claim | null {
    const claim = this.find(client);
    if (claim !== null && claim.session !== null) this.claimed.add(claim.session);
    return claim;
  }

  private findAmong(away: readonly Session[]): Claim | null {
    const agreed = away.filter(({ negotiated }) => negotiated !== null);
    const fitting = agreed.length > 0 ? agreed : away;
    const session = fitting.find((one) => !this.claimed.has(one));
    if (session === undefined) return null;
    const standing = areAlike(fitting) ? { ...session.standing, restore: inAll(fitting) } : null;
    const isOnly = away.length === 1 && this.silent(session.client) <= 1;
    return { session, standing, isOnly };
  }

  /** What the client that has come back may wait for, but for the ids (raw tokens) that it has `sent`. */
  waitedFor(client: string, claim: Claim, sent: ReadonlySet<string>): UnansweredCall[] {
    const before = this.takenOf(client)?.ids ?? [];
    const calls =
      claim.session === null ? known(before) : this.taking(client, claim.session, claim.isOnly);
    if (claim.session !== null && claim.standing !== null)
      this.noteTaken(client, claim.standing, [...before, ...calls.map(({ id }) => id)]);
    return calls.filter(({ id }) => !sent.has(id));
  }

  /**
   * The session's calls, which it forgets. Where nobody knows who waits for which: the ids of all, which
   * the others that are away wait for too.
   */
  private taking(client: string, session: Session, isOnly: boolean): UnansweredCall[] {
    const { unanswered } = this.sessions;
    if (isOnly) return unanswered.takeAll(session.id);
    const away = this.of(client);
    const ids = new Set(away.flatMap((one) => unanswered.takeAll(one.id).map(({ id }) => id)));
    const calls = known(ids);
    for (const { id } of away)
      if (id !== session.id) calls.forEach((call) => unanswered.add(id, call));
    return calls;
  }

  private noteTaken(client: string, standing: Standing, ids: readonly string[]): void {
    const now = performance.now();
    for (const [other, { untilMs }] of this.taken) {
      if (untilMs > now) break;
      this.taken.delete(other);
    }
    this.taken.delete(client);
    this.taken.set(client, { standing, ids: new Set(ids), untilMs: now + TAKEN_MS });
  }

  private takenOf(client: string): Taken | null {
    const taken = this.taken.get(client);
    return taken === undefined || taken.untilMs < performance.now() ? null : taken;
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

  /** How many of the client's streams are open on which nothing has been said yet. */
  private silent(client: string | null): number {
    return [...this.sessions.values()].filter(
      (session) =>
        session.kind === 'sse' &&
        session.client === client &&
        session.initialize === null &&
        this.isPresent(session),
    ).length;
  }

  private waits({ id }: Session): boolean {
    return this.sessions.unanswered.has(id);
  }
}

/** Calls of which no more than that is known: they are not sent again. */
function known(ids: Iterable<string>): UnansweredCall[] {
  return [...ids].map((id) => ({ id, body: null }));
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
