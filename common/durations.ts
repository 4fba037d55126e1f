/** A histogram of durations that costs an increment per observation: it is added up when it is read. */
export class Durations {
  /** Upper bounds of the buckets, in seconds; one more takes what is above. */
  private readonly boundsS: readonly number[];
  /** Observations by bucket, not cumulative. */
  private readonly counts: Float64Array;
  private sum = 0;

  constructor(boundsS: readonly number[]) {
    this.boundsS = boundsS;
    this.counts = new Float64Array(boundsS.length + 1);
  }

  observe(durationMs: number): void {
    const seconds = durationMs / 1_000;
    let bucket = 0;
    while (seconds > (this.boundsS[bucket] ?? Infinity)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += seconds;
  }

  get sumS(): number {
    return this.sum;
  }

  /** Observations at or below each bound, then all of them. */
  get cumulative(): number[] {
    const totals: number[] = [];
    let total = 0;
    for (const count of this.counts) totals.push((total += count));
    return totals;
  }
}
