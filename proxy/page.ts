/**
 * Memory for long answers that are made again and again: megabytes that are new each time cost more
 * than what is written to them. An answer that is made while another is still being sent gets new ones.
 */
export class Page {
  private spare: Buffer | null = null;

  /** The parts, one after the other. */
  join(parts: readonly Buffer[]): Buffer {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const page = this.take(bytes);
    let length = 0;
    for (const part of parts) length += part.copy(page, length);
    return page.subarray(0, length);
  }

  /** What `join` gave has been sent. */
  giveBack(joined: Buffer): void {
    this.spare = Buffer.from(joined.buffer, joined.byteOffset);
  }

  private take(bytes: number): Buffer {
    const spare = this.spare;
    this.spare = null;
    // What is asked for tends to grow. allocUnsafeSlow: not from the pool, which others share.
    return spare !== null && spare.length >= bytes
      ? spare
      : Buffer.allocUnsafeSlow(Math.ceil(1.25 * bytes));
  }
}
