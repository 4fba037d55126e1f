/** A fixed row of running sums. */
export class Sums {
  readonly #values: Float64Array;

  constructor(length: number) {
    this.#values = new Float64Array(length);
  }

  get(index: number): number {
    return this.#values[index] ?? 0;
  }

  add(index: number, amount: number): void {
    this.#values[index] = (this.#values[index] ?? 0) + amount;
  }

  /** Adds another row of the same length. */
  merge(other: Sums): void {
    for (let i = 0; i < this.#values.length; i += 1) this.add(i, other.get(i));
  }

  clear(): void {
    this.#values.fill(0);
  }

  clone(): Sums {
    const copy = new Sums(this.#values.length);
    copy.#values.set(this.#values);
    return copy;
  }
}
