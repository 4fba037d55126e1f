/**
 * A call's stream that was cut while its instance lives is taken up where it broke off: GET with
 * `Last-Event-ID` (MCP 2025-11-25, Resumability), on the same stream to the client.
 *
 * 1. It goes on after the last event that the client was given whole: none is sent twice.
 * 2. A server whose resumed stream stays silent is asked again: the event store of
 *    server-everything replays what there is, and tells nothing of what comes later.
 */
import type { Clock } from '../../common/clock.js';
import type { ResponseHead } from '../http1/response-head.js';
import type { Binding } from '../pin.js';
import { isEventStream, type Answer } from './answer.js';
import { Attempt, type AnswerSink, type AttemptEnd } from './attempt.js';
import { protocolHeaders } from './handshake.js';

const FIRST_SILENCE_MS = 1_000;
const MAX_SILENCE_MS = 10_000;
/** The instance has not noticed yet that the stream was cut. */
const CONFLICT = 409;
const CONFLICT_PAUSE_MS = 100;
/** Tries in a row that bring nothing: refused as conflicts, or cut at once. */
const MAX_BARREN = 12;

export interface ResumptionParts {
  readonly binding: Binding;
  readonly path: string;
  readonly headers: readonly string[];
  readonly answer: Answer;
  readonly clock: Clock;
  onceDrained(resume: () => void): void;
  /** All requests have their answers. */
  isAnswered(): boolean;
}

/**
 * `answered`: all that waited have their answers. `ended`: the instance closed the stream for the
 * client to resume. `refused`: the stream cannot be taken up. `stopped`: from our side.
 */
export type Resumed = 'answered' | 'ended' | 'refused' | 'stopped';

export class Resumption implements AnswerSink {
  private readonly parts: ResumptionParts;
  private attempt: Attempt | null = null;
  private isStopped = false;
  private status = 0;
  /** Chunks of resumed streams. */
  private received = 0;

  constructor(parts: ResumptionParts) {
    this.parts = parts;
  }

  /** Takes the stream up, until `patienceMs` have passed. Never rejects. */
  async run(patienceMs: number): Promise<Resumed> {
    const deadline = performance.now() + patienceMs;
    let silenceMs = FIRST_SILENCE_MS;
    for (let barren = 0; barren < MAX_BARREN && performance.now() < deadline; barren += 1) {
      const before = this.received;
      const end = await this.tryOnce(silenceMs);
      const resumed = this.judge(end);
      if (resumed !== 'again') return resumed;
      if (this.received > before || end.kind === 'stopped') barren = 0;
      if (end.kind === 'stopped') silenceMs = Math.min(silenceMs * 2, MAX_SILENCE_MS);
      else await this.parts.clock.sleep(CONFLICT_PAUSE_MS);
    }
    return 'refused';
  }

  stop(): void {
    this.isStopped = true;
    this.attempt?.stop('moved');
  }

  begin(head: ResponseHead, generation: number): void {
    this.status = head.status;
    if (this.isResumed(head)) this.parts.answer.begin(head, generation);
  }

  push(chunk: Buffer): boolean {
    if (this.status !== 200) return true;
    this.received += 1;
    const keepsUp = this.parts.answer.push(chunk);
    if (this.parts.isAnswered()) this.attempt?.stop('moved');
    return keepsUp;
  }

  private isResumed(head: ResponseHead): boolean {
    if (head.status === 200 && !isEventStream(head)) this.status = 406;
    return this.status === 200;
  }

  /** Stopped when nothing comes for `silenceMs`. */
  private async tryOnce(silenceMs: number): Promise<AttemptEnd> {
    const { binding, path, headers, answer } = this.parts;
    this.status = 0;
    const request = [...protocolHeaders(headers), 'last-event-id', answer.cursor?.id ?? ''];
    const attempt = new Attempt({
      binding,
      request: { method: 'GET', path, headers: request, body: null },
      answer: this,
      onceDrained: (resume) => this.parts.onceDrained(resume),
    });
    this.attempt = attempt;
    let seen = this.received;
    const timer = setInterval(() => {
      if (this.received === seen) attempt.stop('moved');
      seen = this.received;
    }, silenceMs);
    const end = await attempt.run();
    clearInterval(timer);
    this.attempt = null;
    return end;
  }

  private judge(end: AttemptEnd): Resumed | 'again' {
    if (this.parts.isAnswered()) return 'answered';
    if (this.isStopped) return 'stopped';
    switch (end.kind) {
      case 'stopped':
        return 'again';
      case 'unknown-session':
        return 'refused';
      case 'lost':
        return end.loss.kind === 'cut' ? 'again' : 'refused';
      case 'ended':
        if (this.status === CONFLICT) return 'again';
        return this.status === 200 ? 'ended' : 'refused';
    }
  }
}
