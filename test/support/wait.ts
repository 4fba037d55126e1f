/** Waiting for conditions instead of for time. */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
const DEFAULT_TIMEOUT_MS = 60_000;

export interface WaitOptions {
  /** What is awaited, for the error: `the canary to listen`. */
  readonly what: string;
  /** A minute by default: on a busy machine everything takes long. */
  readonly timeoutMs?: number;
}

/**
 * Polls until `condition` gives something truthy, and gives that. An exception of the condition
 * counts as "not yet".
 * @throws Error that says what was awaited, for how long, and what was seen last.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = DEFAULT_TIMEOUT_MS }: WaitOptions,
): Promise<NonNullable<T>> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const seen = await attempt(condition);
    if ('value' in seen && seen.value) return seen.value;
    if (Date.now() > deadlineMs)
      throw new Error(`waited ${timeoutMs} ms for ${what}; seen last: ${describe(seen)}`);
    await delay(POLL_MS);
  }
}

type Seen<T> = { readonly value: T } | { readonly error: unknown };

async function attempt<T>(condition: () => T | Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { error };
  }
}

function describe(seen: Seen<unknown>): string {
  if ('value' in seen) return String(seen.value);
  return seen.error instanceof Error ? seen.error.message : String(seen.error);
}
