/** What becomes of one attempt, and when the next one is made. Pure. */

/** Reasons name a receiver's host at most: the rest of an address may be a secret. */
export type Delivery = { readonly kind: 'delivered' } | Failure;

export type Failure =
  /** It may work later; `afterMs` is when the receiver itself says so. */
  | { readonly kind: 'failed'; readonly reason: string; readonly afterMs: number | null }
  /** It will not work again with this notification. */
  | { readonly kind: 'refused'; readonly reason: string };

export const delivered: Delivery = { kind: 'delivered' };
export const failed = (reason: string, afterMs: number | null = null): Failure => ({
  kind: 'failed',
  reason,
  afterMs,
});
export const refused = (reason: string): Failure => ({ kind: 'refused', reason });

export const MAX_ATTEMPTS = 12;
/** Nothing is tried again that happened longer ago. */
export const MAX_AGE_MS = 3_600_000;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 300_000;

/**
 * How long to wait after the attempt with this number, from 1: doubled each time, of which at
 * least half, so that receivers are not asked by everybody at the same moment.
 * @param random from 0 to 1.
 */
export function backoffMs(attempt: number, random: number): number {
  const fullMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return Math.round(fullMs * (0.5 + random / 2));
}

/** What to do after an attempt did not deliver. */
export type Next =
  | { readonly kind: 'again'; readonly delayMs: number }
  | { readonly kind: 'give-up'; readonly reason: string };

/** Whether it is tried again, and when. `attempt` counts from 1 and includes the one that failed. */
export function nextAfter(failure: Failure, attempt: number, ageMs: number, random: number): Next {
  const { reason } = failure;
  if (failure.kind === 'refused') return { kind: 'give-up', reason };
  if (attempt >= MAX_ATTEMPTS) {
    return { kind: 'give-up', reason: `${reason}; ${attempt} attempts were made` };
  }
  const delayMs = Math.max(backoffMs(attempt, random), failure.afterMs ?? 0);
  if (ageMs + delayMs > MAX_AGE_MS) {
    return { kind: 'give-up', reason: `${reason}; it would be over an hour old` };
  }
  return { kind: 'again', delayMs };
}
