/** Chooses ports that nobody uses. Pure. */

/** The kernel takes ports for outgoing connections from 32768 up (ip_local_port_range). */
const LAST_PORT = 32_767;
const FIRST_PORT = 1_024;

/** Hands out ports, each once. */
export class FreePorts {
  readonly #taken: Set<number>;

  /** @param taken ports that somebody listens on, or may want to. */
  constructor(taken: Iterable<number>) {
    this.#taken = new Set(taken);
  }

  /** Somebody wants this one. */
  take(port: number): void {
    this.#taken.add(port);
  }

  /** The next free one after `port`; the lowest free one where there is none. */
  after(port: number): number {
    const free = (from: number, to: number): number | undefined => {
      for (let each = from; each <= to; each += 1) if (!this.#taken.has(each)) return each;
      return undefined;
    };
    const found = free(Math.max(FIRST_PORT, port + 1), LAST_PORT) ?? free(FIRST_PORT, LAST_PORT);
    if (found === undefined) throw new Error(`no port below ${LAST_PORT} is free`);
    this.#taken.add(found);
    return found;
  }
}
