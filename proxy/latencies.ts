/** A histogram of latencies that costs an increment per call: it is added up when it is read. */

/** Upper bounds of the buckets, in seconds; one more takes what is above. */
export const LATENCY_BUCKETS_S = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

export class Latencies {
  /** Calls by bucket, not cumulative. */
  private readonly counts = new Float64Array(LATENCY_BUCKETS_S.length + 1);
  private sum = 0;

  observe(latencyMs: number): void {
    const seconds = latencyMs / 1_000;
    let bucket = 0;
    while (seconds > (LATENCY_BUCKETS_S[bucket] ?? Infinity)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += seconds;
  }

  get sumS(): number {
    return this.sum;
  }

  /** Calls at or below each bound, then all of them. */
  get cumulative(): number[] {
    let total = 0;
    return Array.from(this.counts, (count) => (total += count));
  }
}
