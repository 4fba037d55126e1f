/** A call under way, as those see it who may have to end it. */

/** Why we end a call from our side; `closing`: the proxy itself ends. */
export type StopReason = 'client-gone' | 'timeout' | 'drained' | 'moved' | 'closing';

export interface LiveCall {
  /** The JSON-RPC ids (raw tokens) that wait for an answer. */
  readonly ids: { has(id: string): boolean };
  stop(by: StopReason): void;
}

/** A call that has no JSON-RPC id. */
export const NO_IDS: LiveCall['ids'] = { has: () => false };
