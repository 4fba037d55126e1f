/**
 * Lines of text, each with a number at its end that changes: the text is written once, and then only
 * digits, in their places. For metrics of many thousand lines, where making the text at each scrape
 * would stop the traffic for a moment.
 *
 * Numbers are right-aligned in a field of blanks (the format allows any number of blanks before a
 * value). They never shrink, so what was written before is always overwritten.
 */
const FIELD_BYTES = 16;
const NOUGHT = '0'.padStart(FIELD_BYTES);
const FIRST_CAPACITY_BYTES = 4_096;
const MICROS_DIGITS = 6;
const [ZERO, POINT] = [0x30, 0x2e];

/** Where the field of a line ends. */
export type Place = number;

export class NumberedText {
  private buffer = Buffer.alloc(FIRST_CAPACITY_BYTES);
  private length = 0;

  constructor(header: string) {
    this.append(header);
  }

  /** Adds a line with the number 0. */
  addLine(text: string): Place {
    this.append(`${text} ${NOUGHT}\n`);
    return this.length - 2;
  }

  /** Writes an integer from 0 to `Number.MAX_SAFE_INTEGER`. */
  setInteger(place: Place, value: number): void {
    this.writeDigits(place, value, 1);
  }

  /** Writes a number of seconds, from 0 to 30 years, to the microsecond. */
  setSeconds(place: Place, seconds: number): void {
    const micros = Math.round(seconds * 1e6);
    const whole = Math.floor(micros / 1e6);
    this.writeDigits(place, micros - whole * 1e6, MICROS_DIGITS);
    this.buffer[place - MICROS_DIGITS] = POINT;
    this.writeDigits(place - MICROS_DIGITS - 1, whole, 1);
  }

  /** All lines as they are now. It changes with the next write. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Writes from the last digit to the first, at least so many. */
  private writeDigits(lastPlace: Place, value: number, atLeast: number): void {
    let rest = value;
    for (let at = lastPlace; rest > 0 || at > lastPlace - atLeast; at -= 1) {
      const next = Math.floor(rest / 10);
      this.buffer[at] = ZERO + (rest - next * 10);
      rest = next;
    }
  }

  private append(text: string): void {
    // A character takes three bytes of UTF-8 at the most.
    const neededBytes = this.length + 3 * text.length;
    if (neededBytes > this.buffer.length) {
      const larger = Buffer.alloc(2 * neededBytes);
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    this.length += this.buffer.write(text, this.length);
  }
}
