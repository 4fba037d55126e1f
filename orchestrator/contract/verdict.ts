/** What a rollout makes of the differences between two contracts (pure). */
import { escapeRegExp } from '../../common/escape-regexp.js';
import type { ContractPolicy } from '../../config/types.js';
import type { ContractChange } from './contract.js';

/** So many differences are kept, the breaking ones first; the others are counted. */
const MAX_KEPT = 100;
/** So many are named in a reason. */
const MAX_NAMED = 3;

export interface JudgedChange extends ContractChange {
  /** It breaks, and the configuration or the start command wants it so. */
  readonly allowed: boolean;
}

export interface ContractVerdict {
  readonly changes: readonly JudgedChange[];
  /** How many more there were. */
  readonly more: number;
  /** Breaking differences that nobody allowed; any of them stops the rollout. */
  readonly refused: number;
  /** Breaking differences that are wanted. */
  readonly allowed: number;
}

export function judgeChanges(
  changes: readonly ContractChange[],
  { breaking, allow }: ContractPolicy,
): ContractVerdict {
  const patterns = allow.map(patternOf);
  const isWanted = ({ about }: ContractChange): boolean =>
    breaking === 'allow' || patterns.some((pattern) => pattern.test(about));
  const judged = changes.map((change) => ({
    ...change,
    allowed: change.breaking && isWanted(change),
  }));
  const ordered = judged.toSorted((a, b) => gravity(b) - gravity(a));
  return {
    changes: ordered.slice(0, MAX_KEPT),
    more: Math.max(0, ordered.length - MAX_KEPT),
    refused: judged.filter((change) => gravity(change) === 2).length,
    allowed: judged.filter(({ allowed }) => allowed).length,
  };
}

function gravity({ breaking, allowed }: JudgedChange): number {
  if (!breaking) return 0;
  return allowed ? 1 : 2;
}

/** `*` stands for any text. */
function patternOf(written: string): RegExp {
  const parts = written.split('*').map(escapeRegExp);
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** In one sentence, the first breaking differences by name. */
export function contractReason({ changes, refused }: ContractVerdict): string {
  const named = changes
    .filter((change) => gravity(change) === 2)
    .slice(0, MAX_NAMED)
    .map(({ about, text }) => `${about} ${text}`);
  const rest = refused > named.length ? `; and ${refused - named.length} more` : '';
  return `the contract breaks: ${named.join('; ')}${rest}`;
}

/** One line a difference, as a diff is read: `!` breaks, `~` breaks and is allowed, `+` does neither. */
export function contractLines({ changes, more }: ContractVerdict): string[] {
  const lines = changes.map((change) => `${markOf(change)} ${change.about} ${change.text}`);
  return more > 0 ? [...lines, `  and ${more} more`] : lines;
}

function markOf(change: JudgedChange): string {
  return '+~!'[gravity(change)] ?? '';
}

/** How many of each there are. */
export function contractSummary({ changes, more, refused, allowed }: ContractVerdict): string {
  const total = changes.length + more;
  if (total === 0) return "the same as main's";
  const harmless = total - refused - allowed;
  const parts = [
    refused > 0 ? `${refused} breaking` : '',
    allowed > 0 ? `${allowed} breaking but allowed` : '',
    harmless > 0 ? `${harmless} harmless` : '',
  ];
  return `${parts.filter((part) => part !== '').join(', ')} ${total === 1 ? 'difference' : 'differences'}`;
}
