/** The z with P(Z > z) = `tail` for a standard normal Z, by bisection; `tail` in (0, 0.5]. */
export function normalQuantile(tail: number): number {
  let [low, high] = [0, 10];
  for (let i = 0; i < 50; i += 1) {
    const middle = (low + high) / 2;
    if (upperTail(middle) > tail) low = middle;
    else high = middle;
  }
  return low;
}

/** P(Z > z) for z ≥ 0 (Abramowitz and Stegun 7.1.26, error below 1.5e-7). */
function upperTail(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const polynomial =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return (polynomial * Math.exp(-x * x)) / 2;
}
