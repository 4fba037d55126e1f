/** Choices on a benchmark's command line (pure). */

/**
 * The name that was given.
 * @throws Error that names the choices, when it is none of them.
 */
export function named<T extends string>(what: string, given: string, names: readonly T[]): T {
  const name = names.find((each) => each === given);
  if (name !== undefined) return name;
  throw new Error(`there is no ${what} ${given}: there are ${names.join(', ')}`);
}
