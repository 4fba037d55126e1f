/** What a smoke test found, as it is kept and shown. It holds no arguments, and nothing of the answers. */
import type { ContractVerdict } from '../contract/verdict.js';

export interface CaseReport {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it is not passed; empty when it is. */
  readonly problems: readonly string[];
  /** How often it was tried. */
  readonly attempts: number;
  readonly tookMs: number;
}

export interface SuiteReport {
  readonly cases: readonly CaseReport[];
  readonly tookMs: number;
}

/** What a rollout keeps of its smoke test. */
export interface SmokeResult {
  readonly passed: boolean;
  /** In one sentence; for a failure the first things that are wrong. */
  readonly reason: string;
  /** Null: there was no suite, or it was not reached. */
  readonly suite: SuiteReport | null;
  /** Null: it was not looked at, or could not be. */
  readonly contract: ContractVerdict | null;
  /** Unix milliseconds. */
  readonly endedAtMs: number;
}

/** So many failed cases are named in a reason. */
const MAX_NAMED = 3;

export function hasPassed({ cases }: SuiteReport): boolean {
  return cases.every(({ outcome }) => outcome === 'passed');
}

/** `5 of 6 cases passed`. */
export function suiteSummary({ cases }: SuiteReport): string {
  const passed = cases.filter(({ outcome }) => outcome === 'passed').length;
  return `${passed} of ${cases.length} cases passed`;
}

/** In one sentence: how many passed, and the first that failed with what was wrong. */
export function suiteReason(report: SuiteReport): string {
  const failed = report.cases.filter(({ outcome }) => outcome === 'failed');
  const named = failed.slice(0, MAX_NAMED).map((each) => `${each.name}: ${each.problems[0] ?? ''}`);
  const rest =
    failed.length > named.length ? [`and ${failed.length - named.length} more failed`] : [];
  return [suiteSummary(report), ...named, ...rest].join('; ');
}

/** One line a case that did not pass. */
export function caseLines({ cases }: SuiteReport): string[] {
  return cases
    .filter(({ outcome }) => outcome !== 'passed')
    .map(({ name, outcome, problems }) => `${outcome.padEnd(7)} ${name}: ${problems.join('; ')}`);
}
