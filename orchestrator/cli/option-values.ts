/** The values of options, as commander hands them over: read, or refused with what is wanted. */
import { InvalidArgumentError } from 'commander';

/** A reader of whole numbers from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => inRange(text, least, most, 'a whole number');
}

/** A port on a host that is known. */
export function parsePort(text: string): number {
  return inRange(text, 1, 65_535, 'a port');
}

/** Of an option that may be given again and again: all its values. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function inRange(text: string, least: number, most: number, what: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`wanted ${what} from ${least} to ${most}.`);
}
