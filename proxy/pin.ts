/**
 * Who a request belongs to, as far as routing goes: an owned session, or a client without one. A
 * pin knows its track and gives a binding to send on.
 */
import type { Track } from '../common/protocol.js';
import type { LiveCall } from './live-call.js';
import type { Denial } from './mcp/denial.js';
import type { Upstream } from './upstream.js';

/** An instance that a pin may send to now, with the session that the instance knows. */
export interface Binding {
  readonly track: Track;
  readonly upstream: Upstream;
  /** The instance's own session id; the client never sees it. */
  readonly upstreamId: string | null;
  /** Grows with every handshake of a session. */
  readonly generation: number;
  /** In flight on it. */
  readonly calls: Set<LiveCall>;
}

export type Acquired =
  | { readonly kind: 'bound'; readonly binding: Binding }
  /** No instance could be reached in time; nothing was executed. */
  | { readonly kind: 'unavailable'; readonly track: Track; readonly reason: string }
  /** The instance does not take the client's credentials; nothing was executed. */
  | {
      readonly kind: 'denied';
      readonly track: Track;
      readonly reason: string;
      readonly denial: Denial;
    };

export type Unbound = Exclude<Acquired, { kind: 'bound' }>;

export interface Pin {
  /** A name that tells nothing, for the call log. */
  readonly label: string;
  /** The session id that the client knows; null without a session. */
  readonly clientId: string | null;
  /** The track that it is on now. */
  readonly track: Track;
  /** A binding to send on, made anew when there is none. Never rejects. */
  acquire(): Acquired | Promise<Acquired>;
  /** The instance does not know the binding's session (any more). */
  forget(binding: Binding): void;
  /** The instance could not be reached, for `waitedMs` by now. */
  unreachable(binding: Binding, waitedMs: number): void;
  /** A call goes out on the binding. */
  began(binding: Binding, call: LiveCall): void;
  /** It is over there. */
  ended(binding: Binding, call: LiveCall): void;
}
