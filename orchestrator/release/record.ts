/** What is kept of a release's preparation, and shown: no environment is in it. */
import { changesText, type PackageChange } from './dependencies.js';

export interface CommandRecord {
  /** With its values in place. */
  readonly line: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  readonly exitCode: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** The end of what it printed on both streams. */
  readonly output: string;
}

/** Packages that differ from main's, or why that is not known. */
export type DependencyReport =
  | {
      readonly known: true;
      readonly changes: readonly PackageChange[];
      /** Those that nobody asked for; empty without a policy. */
      readonly unasked: readonly PackageChange[];
    }
  | { readonly known: false; readonly reason: string };

export interface PreparationRecord {
  readonly startedAtMs: number;
  /** Null: it is under way. */
  readonly endedAtMs: number | null;
  readonly commands: readonly CommandRecord[];
  /** Null: they are not compared, or not yet. */
  readonly dependencies: DependencyReport | null;
  /** Why it came to nothing. */
  readonly failure: string | null;
}

/** What a decision can know of a preparation. */
export type PreparationState =
  | { readonly kind: 'running'; readonly doing: string }
  | { readonly kind: 'done'; readonly summary: string }
  | { readonly kind: 'failed'; readonly reason: string };

export function stateOf(record: PreparationRecord): PreparationState {
  if (record.endedAtMs === null) return { kind: 'running', doing: doing(record) };
  return record.failure === null
    ? { kind: 'done', summary: summary(record) }
    : { kind: 'failed', reason: record.failure };
}

function doing({ commands }: PreparationRecord): string {
  const at = commands.findIndex(({ state }) => state === 'running');
  const command = commands[at];
  return command === undefined
    ? 'a look at the release'
    : `command ${at + 1} of ${commands.length} (${command.line})`;
}

function summary({ dependencies }: PreparationRecord): string {
  if (dependencies === null) return 'the release is prepared';
  return `the release is prepared; packages: ${dependencyText(dependencies)}`;
}

/** What changed, in one line. */
export function dependencyText(report: DependencyReport): string {
  if (!report.known) return `not known: ${report.reason}`;
  const { changes, unasked } = report;
  const warning = unasked.length === 0 ? '' : `; not asked for: ${changesText(unasked)}`;
  return `${changesText(changes)}${warning}`;
}
