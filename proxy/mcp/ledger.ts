/** The requests of one POST that wait for an answer: each is accounted for once. */
import type { Outcome, Track } from '../../common/protocol.js';
import type { Accounts } from '../accounts.js';
import { isRequest, type Message } from './message-scanner.js';
import { outcomeOfMessage } from './outcome.js';

const NONE: ReadonlySet<Track> = new Set();

export class Ledger {
  readonly startedAt = performance.now();
  /** When the answer began, by `performance.now()`; null before. */
  firstByteAt: number | null = null;
  /** Who the calls are accounted to. */
  label: string;
  private readonly accounts: Accounts;
  private readonly waiting = new Map<string, Message>();
  private unreachableTracks: ReadonlySet<Track> = NONE;

  constructor(accounts: Accounts, label: string, messages: readonly Message[]) {
    this.accounts = accounts;
    this.label = label;
    for (const message of messages)
      if (isRequest(message)) this.waiting.set(message.id ?? '', message);
  }

  /** How many requests wait. */
  get size(): number {
    return this.waiting.size;
  }

  /** The ids (raw tokens) that wait. */
  get ids(): string[] {
    return [...this.waiting.keys()];
  }

  get requests(): Message[] {
    return [...this.waiting.values()];
  }

  has(id: string): boolean {
    return this.waiting.has(id);
  }

  /** An answer passed by, in a body with that HTTP status. True when it was waited for. */
  answered(message: Message, track: Track, status: number): boolean {
    const request = this.waiting.get(message.id ?? '');
    if (request === undefined) return false;
    this.waiting.delete(message.id ?? '');
    this.firstByteAt ??= performance.now();
    const outcome = outcomeOfMessage(message);
    const isClientFault = status >= 400 && status < 500 && outcome === 'rpc_error';
    if (message.hasError) this.accounts.rpcErrors.count(track, message.code);
    this.account(request, track, isClientFault ? 'client_error' : outcome, message.code);
    return true;
  }

  /** All that wait have ended like this. */
  settle(outcome: Outcome, track: Track): void {
    this.note(outcome, track);
    this.waiting.clear();
  }

  /** A try on that track ended like this; the requests go on waiting. */
  note(outcome: Outcome, track: Track): void {
    for (const request of this.waiting.values()) this.account(request, track, outcome);
    this.firstByteAt = null;
  }

  /** A track that cannot be reached counts once, whatever the call comes to in the end. */
  unreachable(track: Track): void {
    if (this.unreachableTracks.has(track)) return;
    this.unreachableTracks = new Set([...this.unreachableTracks, track]);
    this.note('connect_error', track);
  }

  /** Nobody waits any more, and there is nothing to account for. */
  clear(): void {
    this.waiting.clear();
  }

  private account(
    request: Message,
    track: Track,
    outcome: Outcome,
    code: number | null = null,
  ): void {
    const { label: session, startedAt, firstByteAt } = this;
    this.accounts.finish({
      track,
      session,
      tool: toolOf(request),
      outcome,
      code,
      startedAt,
      firstByteAt,
    });
  }
}

/** What a request is counted as: its tool, else its method. */
function toolOf({ method, name }: Message): string {
  return method === 'tools/call' && name !== null ? name : (method ?? 'http');
}
