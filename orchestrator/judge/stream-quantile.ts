/**
 * A quantile of a stream in constant memory: the P² algorithm of Jain and Chlamtac (1985). Five
 * markers are moved along parabolas as values come.
 */
const MARKERS = 5;

export class StreamQuantile {
  readonly #shares: readonly number[];
  /** Up to five values in order, then the markers' heights. */
  readonly #heights: number[] = [];
  #positions: number[] = [];
  #count = 0;

  /** `share`: 0.95 for the 95th percentile. */
  constructor(share: number) {
    this.#shares = [0, share / 2, share, (1 + share) / 2, 1];
  }

  get count(): number {
    return this.#count;
  }

  /** The estimate; with fewer than five values the largest of them, 0 with none. */
  get value(): number {
    return this.#height(this.#count < MARKERS ? this.#heights.length - 1 : 2);
  }

  add(value: number): void {
    this.#count += 1;
    if (this.#count <= MARKERS) {
      this.#heights.push(value);
      this.#heights.sort((a, b) => a - b);
      this.#positions = this.#heights.map((_, i) => i);
      return;
    }
    const below = this.#place(value);
    for (let i = below + 1; i < MARKERS; i += 1) this.#positions[i] = this.#position(i) + 1;
    for (let i = 1; i < MARKERS - 1; i += 1) this.#adjust(i);
  }

  /** The marker below the value; the outer ones move to take it in. */
  #place(value: number): number {
    if (value < this.#height(0)) this.#heights[0] = value;
    if (value >= this.#height(MARKERS - 1)) this.#heights[MARKERS - 1] = value;
    let below = 0;
    while (below < MARKERS - 2 && value >= this.#height(below + 1)) below += 1;
    return below;
  }

  #adjust(i: number): void {
    const wanted = (this.#count - 1) * (this.#shares[i] ?? 0);
    const gap = wanted - this.#position(i);
    const up = gap >= 1 && this.#position(i + 1) - this.#position(i) > 1;
    const down = gap <= -1 && this.#position(i - 1) - this.#position(i) < -1;
    if (!up && !down) return;
    const step = up ? 1 : -1;
    const curved = this.#parabola(i, step);
    const fits = this.#height(i - 1) < curved && curved < this.#height(i + 1);
    this.#heights[i] = fits ? curved : this.#line(i, step);
    this.#positions[i] = this.#position(i) + step;
  }

  #parabola(i: number, step: number): number {
    const [before, at, after] = [this.#position(i - 1), this.#position(i), this.#position(i + 1)];
    const rise = (this.#height(i + 1) - this.#height(i)) / (after - at);
    const fall = (this.#height(i) - this.#height(i - 1)) / (at - before);
    const bend = (at - before + step) * rise + (after - at - step) * fall;
    return this.#height(i) + (step / (after - before)) * bend;
  }

  #line(i: number, step: number): number {
    const rise = this.#height(i + step) - this.#height(i);
    return this.#height(i) + (step * rise) / (this.#position(i + step) - this.#position(i));
  }

  #height(i: number): number {
    return this.#heights[i] ?? 0;
  }

  #position(i: number): number {
    return this.#positions[i] ?? 0;
  }
}
