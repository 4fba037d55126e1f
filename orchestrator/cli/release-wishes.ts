/** What a release is made of, as the command line names it: `--version` and `--set`. */
import type { ReleaseWishes } from '../../config/release.js';
import { parseReleaseValue, VALUE_NAME_PATTERN, type Parsed } from '../../config/units.js';
import { CommandError, EXIT } from './io.js';

export interface WishFlags {
  readonly version?: string;
  readonly set?: readonly string[];
}

/**
 * The wishes that the flags name; what is not named is left out.
 * @throws CommandError for a value that no command may have, and for a name that stands twice.
 */
export function wishesFrom({ version, set }: WishFlags): ReleaseWishes {
  return {
    ...(version !== undefined && { version: flag('--version', version, parseReleaseValue) }),
    ...(set !== undefined && { set: valuesFrom(set) }),
  };
}

/** `NAME=VALUE` of each `--set`. */
function valuesFrom(texts: readonly string[]): Record<string, string> {
  const values = new Map<string, string>();
  for (const text of texts) {
    const [name = '', ...rest] = text.split('=');
    if (rest.length === 0 || !new RegExp(VALUE_NAME_PATTERN).test(name)) {
      throw new CommandError(`--set: got "${text}", wanted NAME=VALUE`, EXIT.usage);
    }
    if (values.has(name)) throw new CommandError(`--set ${name} stands twice`, EXIT.usage);
    values.set(name, flag(`--set ${name}`, rest.join('='), parseReleaseValue));
  }
  return Object.fromEntries(values);
}

/**
 * The value of a flag.
 * @throws CommandError that says what was got and what is wanted.
 */
export function flag<T>(name: string, text: string, parse: (text: string) => Parsed<T>): T {
  const parsed = parse(text);
  if (parsed.ok) return parsed.value;
  throw new CommandError(`${name}: got "${text}", wanted ${parsed.wanted}`, EXIT.usage);
}
