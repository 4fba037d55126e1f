/**
 * The client of one POST. It is there until its connection closes; once its stream was begun with an
 * event id of ours, it is then away, and has a while to come back with a GET that names the id.
 *
 * 1. Meanwhile the call goes on, and what the instance says is kept, as far as it was under way: the
 *    instance waits with the rest.
 * 2. A stream that the instance gives event ids for is not ours: its client resumes it there.
 * 3. The stream goes on between two events only.
 */
import type { ServerResponse } from 'node:http';
import { Absence } from './absence.js';
import type { Answer } from './answer.js';
import { callEventIds, primingEvent, RETRY_MS, type CallEventIds } from './call-event-id.js';
import type { Callers } from './callers.js';
import { beginEventStream } from './sse-event.js';

/** Both tries of SDKs' clients, and a moment. */
const AWAY_MS = 2 * RETRY_MS + 2_000;

export interface CallerParts {
  readonly res: ServerResponse;
  /** The client's session, by the name that its event ids bear. */
  readonly label: string;
  /** Null when it would not come back: what it speaks does not know of it. */
  readonly callers: Callers | null;
  /** It does not come back. */
  onGone(): void;
}

/** What is known of a call whose stream was begun with an id of ours. */
interface Primed {
  readonly callers: Callers;
  readonly answer: Answer;
  /** Of its request, a raw token. */
  readonly token: string;
  readonly ids: CallEventIds;
}

export class Caller {
  private readonly parts: CallerParts;
  private readonly awayMs: number;
  private res: ServerResponse;
  private primed: Primed | null = null;
  private absence: Absence | null = null;
  private timer: NodeJS.Timeout | undefined;
  /** Lets the instance go on. */
  private resume: (() => void) | null = null;
  private isOver = false;

  constructor(parts: CallerParts, awayMs = AWAY_MS) {
    this.parts = parts;
    this.res = parts.res;
    this.awayMs = awayMs;
  }

  /** From now on it is noticed when the client leaves. */
  watch(): void {
    this.res.once('close', this.onClose);
  }

  /** The call has come to its end. */
  over(): void {
    this.isOver = true;
    this.res.off('close', this.onClose);
    if (this.absence?.hasAnswer !== true) this.forget();
  }

  get isAway(): boolean {
    return this.absence !== null;
  }

  /** Event ids for the call's stream; null when it is to have none of ours. `ids`: what still waits. */
  prime(answer: Answer, ids: readonly string[]): CallEventIds | null {
    const { callers, label } = this.parts;
    const [token, ...others] = ids;
    if (callers === null || this.isOver || token === undefined || others.length > 0) return null;
    if (!callers.add(token, this)) return null;
    this.primed = { callers, answer, token, ids: callEventIds(label, token) };
    return this.primed.ids;
  }

  /** The client takes more, or is back. */
  onceDrained(resume: () => void): void {
    this.resume = resume;
    if (this.absence === null) this.res.once('drain', () => this.goOn());
  }

  /** The client is back, on another response: its stream goes on there. False when it cannot. */
  back(res: ServerResponse, sessionId: string): boolean {
    const { primed, absence } = this;
    if (primed === null) return false;
    this.res.off('close', this.onClose);
    if (absence === null && !primed.answer.isBetweenEvents) {
      this.parts.onGone();
      return false;
    }
    clearTimeout(this.timer);
    this.res.destroy();
    this.res = res;
    this.absence = null;
    beginEventStream(res, sessionId);
    res.write(primingEvent(primed.ids));
    primed.answer.redirect(res);
    if (this.isOver) primed.callers.delete(primed.token);
    else this.watch();
    absence?.moveTo(res);
    this.goOn();
    return true;
  }

  private readonly onClose = (): void => {
    if (this.res.writableFinished) return;
    const { primed } = this;
    const isOurs = primed !== null && !primed.answer.isResumable;
    if (isOurs && primed.answer.isBetweenEvents && primed.callers.hasRoom) this.leave(primed);
    else this.parts.onGone();
  };

  private leave({ answer, callers }: Primed): void {
    this.absence = new Absence(callers.bodies, () => this.giveUp());
    answer.redirect(this.absence);
    this.timer = setTimeout(() => this.giveUp(), this.awayMs);
    // It keeps no process running that has nothing else to do.
    this.timer.unref();
  }

  private giveUp(): void {
    this.forget();
    if (!this.isOver) this.parts.onGone();
  }

  private forget(): void {
    clearTimeout(this.timer);
    this.absence?.forget();
    this.primed?.callers.delete(this.primed.token);
  }

  private goOn(): void {
    const { resume } = this;
    this.resume = null;
    resume?.();
  }
}
