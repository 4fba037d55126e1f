/** "Did you mean ...?" */

/** The most edits that still count as a slip, as a share of the name's length. */
const MAX_EDITS_RATIO = 0.4;

/** Longer names are not compared: no key comes near them. */
const MAX_LENGTH = 64;

/** A name of at least this length that is part of a candidate (`env` of `canaryEnv`) counts as one edit. */
const MIN_PART = 3;

/**
 * The candidate with the fewest edits from `name`, null when none is near. Case, `_` and `-` don't
 * count.
 */
export function nearest(name: string, candidates: readonly string[]): string | null {
  if (name.length > MAX_LENGTH) return null;
  const wanted = plain(name);
  let best: string | null = null;
  let bestEdits = Math.floor(Math.max(2, name.length * MAX_EDITS_RATIO)) + 1;
  for (const candidate of candidates) {
    const isPart = wanted.length >= MIN_PART && plain(candidate).includes(wanted);
    const edits = Math.min(editDistance(wanted, plain(candidate)), isPart ? 1 : Infinity);
    if (edits < bestEdits && edits < candidate.length) [best, bestEdits] = [candidate, edits];
  }
  return best;
}

const plain = (name: string): string => name.replaceAll(/[_-]/g, '').toLowerCase();

/** Levenshtein's distance, one row of the table at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const substitution = cell(row, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, cell(row, j) + 1, cell(next, j - 1) + 1));
    }
    row = next;
  }
  return cell(row, to.length);
}

const cell = (row: readonly number[], column: number): number => row[column] ?? Infinity;
