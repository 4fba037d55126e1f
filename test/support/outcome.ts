/** Outcomes in tests: the value, or an error that shows what came instead. */

/** The value of an outcome that must be `ok`. */
export function expectOk<T>(
  outcome: { readonly kind: 'ok'; readonly value: T } | { readonly kind: string },
): T {
  if ('value' in outcome) return outcome.value;
  throw new Error(`expected ok, got ${JSON.stringify(outcome)}`);
}
