/**
 * The requests of legacy SSE sessions (2024-11-05) that wait for an answer: a client that loses its
 * stream waits on, and is to be answered on its next one. Stored before they reach an instance, so
 * that a SIGKILL of the proxy loses none. Bounded: beyond, a call is not remembered, or without its
 * body.
 */
import type { Store } from '../store.js';
import { BodyBudget } from './body.js';

const MAX_CALLS_OF_SESSION = 64;
const MAX_BODY_BYTES = 16 * 1024;
const MAX_ALL_BYTES = 16 << 20;

export interface UnansweredCall {
  /** The JSON-RPC id, a raw token. */
  readonly id: string;
  /** The request; null when it must not be sent again. */
  readonly body: Buffer | null;
}

type Calls = Map<string, Buffer | null>;

export class Unanswered {
  private readonly bySession = new Map<string, Calls>();
  private readonly budget = new BodyBudget(MAX_ALL_BYTES);
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Brings back what the last process left. */
  restore(service: string): void {
    for (const { session, ...call } of this.store.loadCalls(service)) this.keep(session, call);
  }

  /** A request is about to be sent. */
  add(session: string, call: UnansweredCall): void {
    const kept = this.keep(session, call);
    if (kept !== null) this.store.saveCall({ session, ...kept });
  }

  /** It has its answer. */
  delete(session: string, id: string): void {
    if (this.forget(session, id)) this.store.deleteCall(session, id);
  }

  has(session: string): boolean {
    return this.bySession.has(session);
  }

  /** Forgets the session's calls and gives them. */
  takeAll(session: string): UnansweredCall[] {
    const calls = [...(this.bySession.get(session) ?? [])].map(([id, body]) => ({ id, body }));
    if (calls.length > 0)
      this.store.transaction(() => calls.forEach(({ id }) => this.delete(session, id)));
    return calls;
  }

  private keep(session: string, { id, body }: UnansweredCall): UnansweredCall | null {
    const calls = this.bySession.get(session) ?? new Map<string, Buffer | null>();
    if (calls.size >= MAX_CALLS_OF_SESSION || calls.has(id)) return null;
    const hasRoom = body !== null && body.length <= MAX_BODY_BYTES && this.budget.take(body.length);
    const kept = { id, body: hasRoom ? body : null };
    this.bySession.set(session, calls.set(id, kept.body));
    return kept;
  }

  private forget(session: string, id: string): boolean {
    const calls = this.bySession.get(session);
    const body = calls?.get(id);
    if (calls === undefined || body === undefined) return false;
    this.budget.release(body?.length ?? 0);
    calls.delete(id);
    if (calls.size === 0) this.bySession.delete(session);
    return true;
  }
}
