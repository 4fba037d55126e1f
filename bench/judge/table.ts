/** The rows as a Markdown table. */
import { SCENARIOS } from './scenarios.js';
import { JUDGES, type JudgeName, type Row } from './trial.js';

const MINUTE_MS = 60_000;

const HEADER = [
  '| | wanted | judge | met | oracle | fixed threshold (as Argo Rollouts) | failed checks (as Flagger) | Mann-Whitney (as Kayenta) |',
  '|---|---|---|---|---|---|---|---|',
];

/** Healthy canaries first, then regressions. */
export function tableOf(rows: readonly Row[]): string {
  const inOrder = [...rows].sort((a, b) => a.index - b.index);
  const part = (healthy: boolean) =>
    inOrder.filter(({ index }) => SCENARIOS[index]?.healthy === healthy).map(line);
  return [
    '**Healthy canaries: taken back**\n',
    ...HEADER,
    ...part(true),
    '\n**Regressions: found within the window, median time**\n',
    ...HEADER,
    ...part(false),
  ].join('\n');
}

/** Whether the judge does what the row wants. */
export function isMet({ index, traces, takenBackAtMs }: Row): boolean {
  const scenario = SCENARIOS[index];
  const times = takenBackAtMs.judge ?? [];
  const share = times.length / traces;
  if (scenario === undefined || scenario.healthy) return share <= (scenario?.share ?? 0);
  return share >= scenario.share && (median(times) ?? 0) <= (scenario.medianMs ?? Infinity);
}

function line(row: Row): string {
  const { name, healthy, share, medianMs } = SCENARIOS[row.index] ?? {
    name: '?',
    healthy: true,
    share: 0,
  };
  const time = medianMs === undefined ? '' : `, ${medianMs / MINUTE_MS} min`;
  const wanted = `${healthy ? '≤' : '≥'} ${percent(share)}${time}`;
  const [own = '', ...others] = JUDGES.map((judge) => cell(row, judge, healthy));
  return `| ${[name, wanted, own, isMet(row) ? 'yes' : '**no**', ...others].join(' | ')} |`;
}

function cell({ traces, takenBackAtMs }: Row, judge: JudgeName, healthy: boolean): string {
  const times = takenBackAtMs[judge];
  if (times === null) return '';
  const share = percent(times.length / traces);
  const middle = median(times);
  return healthy || middle === null ? share : `${share}, ${(middle / MINUTE_MS).toFixed(0)} min`;
}

function median(times: readonly number[]): number | null {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(1))} %`;
}
