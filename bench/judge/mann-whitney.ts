/** The location shift between two samples after Mann and Whitney, with its confidence interval. */

/** Standard errors of a two-sided interval of 98 %. */
const Z = 2.3263;

/**
 * The median of all differences a − b (Hodges and Lehmann) and the lower end of its two-sided
 * interval of 98 %, from the normal approximation of the rank statistic.
 */
export function mannWhitney(
  a: readonly number[],
  b: readonly number[],
): { readonly estimate: number; readonly low: number } {
  const differences = new Float64Array(a.length * b.length);
  a.forEach((x, i) => b.forEach((y, j) => (differences[i * b.length + j] = x - y)));
  differences.sort();
  const n = differences.length;
  if (n === 0) return { estimate: 0, low: 0 };
  const spread = Z * Math.sqrt((n * (a.length + b.length + 1)) / 12);
  const lowest = Math.max(0, Math.floor(n / 2 - spread));
  return { estimate: differences[Math.floor(n / 2)] ?? 0, low: differences[lowest] ?? 0 };
}
