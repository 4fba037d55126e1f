/** The end of what a command printed, bounded, and without what is known to be secret. */

/** So much of each command is kept. */
export const MAX_OUTPUT_BYTES = 16 << 10;
/** Shorter values are words that any output may hold. */
const MIN_SECRET_LENGTH = 4;
const HIDDEN = '***';
/** The user's part of an address, as package indexes and git remotes have it. */
const USER_INFO = /(:\/\/)[^\s/@]+@/g;

export class OutputTail {
  readonly #secrets: readonly string[];
  #bytes = Buffer.alloc(0);
  #cut = false;

  /** Hides these values, e.g. those of the command's own environment. */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.filter((value) => value.length >= MIN_SECRET_LENGTH);
  }

  add(chunk: Buffer): void {
    const all = Buffer.concat([this.#bytes, chunk]);
    this.#cut ||= all.length > MAX_OUTPUT_BYTES;
    // A copy, since a view would keep the whole chunk alive.
    this.#bytes = Buffer.from(all.subarray(-MAX_OUTPUT_BYTES));
  }

  /** Whole lines only once the beginning is lost: half a secret would not be recognised. */
  text(): string {
    const all = this.#bytes.toString('utf8');
    const kept = this.#cut ? all.slice(all.indexOf('\n') + 1) : all;
    const hidden = this.#secrets.reduce((text, value) => text.replaceAll(value, HIDDEN), kept);
    return hidden.replace(USER_INFO, `$1${HIDDEN}@`);
  }
}

const MAX_LAST_LINES = 3;
const MAX_LAST_CHARS = 400;

/** The last lines with something in them, as one. */
export function lastLines(output: string): string {
  const lines = output
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-MAX_LAST_LINES).join(' | ').slice(-MAX_LAST_CHARS);
}
