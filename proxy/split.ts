/**
 * Weighted choice with low discrepancy: after n picks each candidate has had n times its weight,
 * give or take one, so that 10 % of 20 sessions is 2 and not "about 2".
 *
 * Counting starts anew when the weights change: a track whose weight rises is not flooded to make
 * up for the past.
 */
export interface Weighted<T> {
  readonly item: T;
  /** Above 0; relative to the sum of all candidates' weights. */
  readonly weight: number;
}

export class Split<T> {
  private key = '';
  private total = 0;
  private readonly picked = new Map<T, number>();

  /** The candidate that is furthest behind its share; the heavier one when it is a tie. */
  pick(candidates: readonly Weighted<T>[]): T | null {
    this.restartIfChanged(candidates);
    const sum = candidates.reduce((total, { weight }) => total + weight, 0);
    let best: Weighted<T> | null = null;
    let bestLag = -Infinity;
    for (const candidate of candidates) {
      const due = (candidate.weight / sum) * (this.total + 1);
      const lag = due - (this.picked.get(candidate.item) ?? 0);
      if (lag > bestLag || (lag === bestLag && candidate.weight > (best?.weight ?? 0))) {
        best = candidate;
        bestLag = lag;
      }
    }
    if (best === null) return null;
    this.total += 1;
    this.picked.set(best.item, (this.picked.get(best.item) ?? 0) + 1);
    return best.item;
  }

  private restartIfChanged(candidates: readonly Weighted<T>[]): void {
    const key = candidates.map(({ item, weight }) => `${String(item)}=${weight}`).join(' ');
    if (key === this.key) return;
    this.key = key;
    this.total = 0;
    this.picked.clear();
  }
}
