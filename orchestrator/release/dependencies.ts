/** What a release changes in the packages that an app runs with (pure). */
import type { PinPolicy } from '../../config/release.js';

/** Versions by package; a package that is there in several versions has all of them. */
export type Packages = ReadonlyMap<string, string>;

export interface PackageChange {
  readonly name: string;
  /** Null: it is new. */
  readonly from: string | null;
  /** Null: it is gone. */
  readonly to: string | null;
}

/** What differs, by name. */
export function diffPackages(before: Packages, after: Packages): PackageChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names
    .map((name) => ({ name, from: before.get(name) ?? null, to: after.get(name) ?? null }))
    .filter(({ from, to }) => from !== to);
}

/** Changes of packages that neither the policy nor `--set` names. */
export function unasked(
  changes: readonly PackageChange[],
  { allow }: PinPolicy,
  asked: readonly string[],
): PackageChange[] {
  const allowed = new Set([...allow, ...asked].map(sameName));
  return changes.filter(({ name }) => !allowed.has(sameName(name)));
}

/** Python takes these names for the same (PEP 503); npm has none that differ only so. */
export function sameName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** `anyio 4.0 -> 4.1`, `new: httpx 0.27`, `gone: six 1.16`. */
function changeText({ name, from, to }: PackageChange): string {
  if (from === null) return `new: ${name} ${to ?? ''}`;
  return to === null ? `gone: ${name} ${from}` : `${name} ${from} -> ${to}`;
}

const MAX_SHOWN = 12;

/** The changes in one line; many are counted. */
export function changesText(changes: readonly PackageChange[]): string {
  if (changes.length === 0) return 'the same packages';
  const shown = changes.slice(0, MAX_SHOWN).map(changeText);
  const rest = changes.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}
