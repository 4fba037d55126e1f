/** What a report has, whatever it is written as (pure). */
import { formatDuration, formatRatio, formatSeconds } from '../../config/units.js';
import type { FrozenPlan } from '../control/frozen-plan.js';
import type { RolloutView } from '../control/messages.js';
import { contractLines, contractSummary } from '../contract/verdict.js';
import type { SeriesPatch } from '../dashboard/messages.js';
import type { Explanation } from '../explain/explanation.js';
import type { SpecDifference } from '../pm2/spec.js';
import { dependencyText } from '../release/record.js';
import { caseLines, suiteSummary } from '../smoke/report.js';
import { chartsOf, type Chart } from './charts.js';

/** What a report is made of. */
export interface ReportParts {
  readonly view: RolloutView;
  readonly plan: FrozenPlan;
  readonly explanation: Explanation;
  /** Null: nothing was recorded, or too much. */
  readonly series: SeriesPatch | null;
  /** When the report is made, Unix milliseconds. */
  readonly nowMs: number;
}

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly Row[] }
  | { readonly kind: 'chart'; readonly chart: Chart };
type Row = readonly string[];

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface Content {
  readonly title: string;
  readonly result: 'good' | 'bad' | 'open';
  readonly summary: string;
  readonly sections: readonly Section[];
}

export function contentOf(parts: ReportParts): Content {
  const { view, explanation } = parts;
  const sections: readonly Section[] = [
    { title: 'Facts', blocks: [table(['', ''], factsOf(parts))] },
    { title: 'Verdict', blocks: verdictOf(parts) },
    { title: 'Over time', blocks: chartBlocks(parts) },
    { title: 'Timeline', blocks: [table(['After', 'Phase', 'Why'], movesOf(view))] },
    { title: 'Before any traffic', blocks: beforeTraffic(view) },
    { title: 'What the release changed', blocks: changesOf(parts) },
    { title: 'What it was judged by', blocks: [table(['Setting', 'Value'], policyOf(parts))] },
  ];
  return {
    title: `Canary of ${view.service}: ${view.id}`,
    result: RESULTS[view.phase] ?? 'open',
    summary: explanation.summary,
    sections: sections.filter(({ blocks }) => blocks.length > 0),
  };
}

const RESULTS: Readonly<Partial<Record<RolloutView['phase'], Content['result']>>> = {
  promoted: 'good',
  'rolled-back': 'bad',
};

function table(head: Row, rows: readonly Row[]): Block {
  return { kind: 'table', head, rows };
}

function list(items: readonly string[]): Block[] {
  return items.length === 0 ? [] : [{ kind: 'list', items }];
}

function titled(text: string, items: readonly string[]): Block[] {
  return items.length === 0 ? [] : [{ kind: 'text', text }, ...list(items)];
}

function factsOf({ view, plan, nowMs }: ReportParts): Row[] {
  const { startedAtMs, endedAtMs, startedBy, course, release } = view;
  const { app, canaryApp, canaryPort, baselineApp } = plan;
  return [
    ['Result', view.phase],
    ['Started', `${time(startedAtMs)} by ${startedBy}`],
    endedAtMs === null
      ? ['Under way for', formatSeconds(nowMs - startedAtMs)]
      : ['Ended', `${time(endedAtMs)}, after ${formatSeconds(endedAtMs - startedAtMs)}`],
    ['Shares', course.steps.map(stepText).join(', ')],
    ['PM2 apps', `${app}; canary ${canaryApp} on port ${canaryPort}`],
    ...(baselineApp === null ? [] : [['Compared with', `${baselineApp}, the old release fresh`]]),
    ...(release?.version == null ? [] : [['Version', release.version]]),
    ['Report made', time(nowMs)],
  ];
}

function stepText({ weight, windowMs }: RolloutView['course']['steps'][number]): string {
  return `${formatRatio(weight)} for ${formatDuration(windowMs)}`;
}

function verdictOf({ view, explanation }: ReportParts): Block[] {
  const { story, checks, whatIf, limits } = explanation;
  const rows = checks.map(({ check, state, reason }) => [state, check, reason]);
  return [
    ...list(story),
    ...(rows.length === 0 ? [] : [table(['State', 'Check', 'Why'], rows)]),
    ...titled('What would have changed the verdict:', whatIf),
    ...titled('Bear in mind:', limits),
    ...titled('Warnings:', view.warnings),
  ];
}

function chartBlocks({ view, series }: ReportParts): Block[] {
  if (series === null) return [];
  return chartsOf(series, view.course.limitBytes).map((chart) => ({ kind: 'chart', chart }));
}

function movesOf({ transitions, startedAtMs, startedBy }: RolloutView): Row[] {
  return [
    ['0s', 'started', `${startedBy} started it`],
    ...transitions.map(({ atMs, to, stage, reason }) => [
      formatSeconds(atMs - startedAtMs),
      stage === null ? to : `${to} (${stage})`,
      reason,
    ]),
  ];
}

function beforeTraffic({ smoke }: RolloutView): Block[] {
  if (smoke === null) return [];
  const { suite, contract, reason } = smoke;
  return [
    { kind: 'text', text: reason },
    ...(contract === null
      ? []
      : titled(`Contract: ${contractSummary(contract)}`, contractLines(contract))),
    ...(suite === null ? [] : titled(`Smoke test: ${suiteSummary(suite)}`, caseLines(suite))),
  ];
}

/** Secrets are masked where the differences are made. */
function changesOf({ plan, view }: ReportParts): Block[] {
  const rows = (differences: readonly SpecDifference[]): Row[] =>
    differences.map(({ field, before, after }) => [field, before, after]);
  const dependencies = view.release?.preparation?.dependencies ?? null;
  const main =
    plan.mainChanges.length === 0
      ? [{ kind: 'text', text: 'In main: nothing but the code on disk.' } as const]
      : [table(['In main', 'Before', 'After'], rows(plan.mainChanges))];
  return [
    ...main,
    table(['In the canary', 'Main', 'Canary'], rows(plan.canaryDiffers)),
    ...(dependencies === null
      ? []
      : [{ kind: 'text', text: `Packages: ${dependencyText(dependencies)}` } as const]),
  ];
}

function policyOf({ plan, view }: ReportParts): Row[] {
  const { errors, latency, memory, logs, minimum, alpha, early } = plan.judge;
  const limit = memory.maxRssBytes;
  return [
    [
      'limits.errors',
      `at most ${formatRatio(errors.maxRatio)}; worse than ${errors.timesStable} times stable and by more than ${formatRatio(errors.overStable)}`,
    ],
    ['limits.latency', `at most ${latency.timesStable} times as many slow answers`],
    [
      'limits.memory',
      `${limit === null ? 'no limit' : `at most ${Math.round(limit / 1e6)} MB`}, within ${formatDuration(memory.horizonMs)}; ${memory.timesStable} times stable`,
    ],
    ['limits.logs', `at most ${logs.timesStable} times as many error lines`],
    ['minimum', `${minimum.calls} calls in ${minimum.sessions} sessions`],
    ['alpha', formatRatio(alpha)],
    ['early', early ? 'yes' : 'no'],
    ['promote, bake', `${view.course.promote}, ${formatDuration(view.course.bakeMs)}`],
    ...plan.checks.map(({ name, failures }) => [
      `check ${name}`,
      `${failures} bad in a row fail it`,
    ]),
  ];
}

/** To the second, in UTC: a report is read anywhere. */
function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
