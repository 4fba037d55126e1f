/** Numbers, times and views as people read them in a terminal. */
import { contractLines, contractSummary } from '../contract/verdict.js';
import { caseLines, suiteSummary, type SmokeResult } from '../smoke/report.js';
import type { PlanView, RolloutView, ServiceView, TrackView } from '../control/messages.js';
import { plannedReleaseText, releaseLine } from './release-text.js';

/** `2h`, `1m 30s`, `250ms`: the two largest units. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const parts: string[] = [];
  let left = Math.round(ms / 1_000) * 1_000;
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}

/** `181.0 MB`, in units of a million bytes. */
export function megabytes(bytes: number | null): string {
  return bytes === null ? '-' : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function percent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(2))}%`;
}

/** Local date and time to the second. */
export function clockTime(ms: number): string {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}

/** Columns as wide as their widest cell; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

/** One line on where a rollout stands. */
export function headline(rollout: RolloutView, nowMs: number): string {
  const step = rollout.step === null ? '' : `, step ${rollout.step} of ${rollout.steps}`;
  const stage = rollout.stage === null ? '' : ` (${rollout.stage})`;
  const held = rollout.held === null ? '' : ` (${rollout.held})`;
  const left =
    rollout.phaseEndsAtMs === null
      ? ''
      : `, ${duration(Math.max(0, rollout.phaseEndsAtMs - nowMs))} left`;
  return `${rollout.id}: ${rollout.phase}${stage}${held}${step}${left}`;
}

/** One move of a rollout. */
export function transitionText({ atMs, to, stage, reason }: RolloutView['transitions'][0]): string {
  return `${clockTime(atMs)}  ${to}${stage === null ? '' : ` (${stage})`}: ${reason}`;
}

/** A service and its rollout, as `canary status` shows it. */
export function serviceText({ service, app, listen, rollout }: ServiceView, nowMs: number): string {
  const title = `${service}  (PM2 app ${app}, agents at ${listen})`;
  if (rollout === null) return `${title}\n  no rollout yet`;
  const lines = [headline(rollout, nowMs), `why: ${rollout.reason}`];
  if (rollout.release !== null) lines.push(releaseLine(rollout.release));
  if (rollout.waitingFor !== null) lines.push(`waiting for: ${rollout.waitingFor}`);
  if (rollout.tracks !== null) lines.push(...tracksText(rollout.tracks).split('\n'));
  for (const { check, state, reason } of rollout.assessment?.checks ?? []) {
    lines.push(`${state.padEnd(12)} ${check}: ${reason}`);
  }
  lines.push(...rollout.warnings.map((warning) => `warning: ${warning}`));
  if (rollout.smoke !== null) lines.push(...smokeText(rollout.smoke));
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function smokeText({ suite, contract }: SmokeResult): string[] {
  const lines = (head: string, rows: readonly string[]): string[] => [
    head,
    ...rows.map((row) => `  ${row}`),
  ];
  return [
    ...(contract === null
      ? []
      : lines(`contract: ${contractSummary(contract)}`, contractLines(contract))),
    ...(suite === null ? [] : lines(`smoke test: ${suiteSummary(suite)}`, caseLines(suite))),
  ];
}

function tracksText({ stable, canary, baseline }: NonNullable<RolloutView['tracks']>): string {
  const head = ['', 'weight', 'sessions', 'in flight', 'calls', 'errors', 'RSS', 'restarts', 'pid'];
  const row = (name: string, track: TrackView): string[] => [
    name,
    percent(track.weight),
    String(track.sessions),
    String(track.inFlight),
    track.placedCalls === 0 ? String(track.calls) : `${track.calls} (${track.placedCalls} placed)`,
    String(track.errors),
    megabytes(track.rssBytes),
    String(track.restarts ?? '-'),
    String(track.pid ?? '-'),
  ];
  const rows = [row('stable', stable), row('canary', canary)];
  return table([head, ...rows, ...(baseline === null ? [] : [row('baseline', baseline)])]);
}

/** The plan of a start. */
export function planText(plan: PlanView): string {
  const differences = (title: string, rows: PlanView['mainChanges']): string[] =>
    rows.length === 0
      ? [`${title}: nothing (the code on disk is what is new)`]
      : [
          `${title}:`,
          ...rows.map(({ field, before, after }) => `  ${field}: ${before} -> ${after}`),
        ];
  return [
    `plan for ${plan.service}: PM2 app ${plan.app}, canary ${plan.canaryApp} on port ${plan.canaryPort}`,
    ...(plan.baselineApp === null
      ? []
      : [`compared with ${plan.baselineApp}, a fresh instance of the old release`]),
    ...beforeTrafficText(plan),
    `steps: ${stepsText(plan)}; bake ${duration(plan.bakeMs)}`,
    ...(plan.release === null ? [] : [plannedReleaseText(plan.release)]),
    ...differences('the canary differs from main in', plan.canaryDiffers),
    ...differences('the promotion changes in main', plan.mainChanges),
    ...plan.warnings.map((warning) => `warning: ${warning}`),
  ].join('\n');
}

function beforeTrafficText({ smoke, contract }: PlanView): string[] {
  const parts = [
    ...(contract === null
      ? []
      : [`contract check (breaking differences: ${contract === 'allow' ? 'allowed' : 'refused'})`]),
    ...(smoke === null ? [] : [`smoke test (${smoke.calls} calls of ${smoke.suite})`]),
  ];
  return parts.length === 0 ? [] : [`before any traffic: ${parts.join(', ')}`];
}

function stepsText({ steps, promote, promoteByMs, onDeadline }: PlanView): string {
  const parts = steps.flatMap(({ weight, windowMs, gate }) => [
    `${percent(weight)} for ${duration(windowMs)}`,
    ...(gate === 'manual' ? ['wait for a person'] : []),
  ]);
  const then = promote === 'auto' ? 'promote by itself when it passes' : 'wait for a person';
  const waits = promote === 'manual' || steps.some(({ gate }) => gate === 'manual');
  const deadline =
    waits && promoteByMs !== null
      ? ` (a person has ${duration(promoteByMs)} each time, then: ${onDeadline})`
      : '';
  return `${parts.join(', ')}; then ${then}${deadline}`;
}

/** One line of history. */
export function historyRow(rollout: RolloutView): string[] {
  const endedAtMs = rollout.endedAtMs;
  return [
    rollout.id,
    clockTime(rollout.startedAtMs),
    endedAtMs === null ? 'under way' : duration(endedAtMs - rollout.startedAtMs),
    rollout.phase,
    rollout.reason,
  ];
}
