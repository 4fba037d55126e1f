/** What is typed after `npm run try-install --` and `npm run verify:nodes --`. */
import { parseArgs } from 'node:util';
import { MAJORS } from './nodes.js';

export interface Arguments {
  /** The major versions that are wanted: `--only 22`, as often as one likes; all by default. */
  readonly majors: readonly string[];
  /** What else is named. */
  readonly names: readonly string[];
}

/** @throws Error that says what was got and what is wanted. */
export function nodeArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { only: { type: 'string', multiple: true } },
    allowPositionals: true,
  });
  const { only: majors = MAJORS } = values;
  const unknown = majors.find((major) => !MAJORS.includes(major));
  if (unknown !== undefined) {
    throw new Error(`--only: got "${unknown}", wanted one of ${MAJORS.join(', ')}`);
  }
  return { majors, names: positionals };
}
