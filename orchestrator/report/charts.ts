/** The charts of a report as data, from a rollout's series (pure). */
import { formatDuration } from '../../config/units.js';
import type { SeriesField, SeriesPatch } from '../dashboard/messages.js';
import { bytes, percent, points } from '../judge/words.js';

export type Tone = 'stable' | 'canary' | 'baseline' | 'edge' | 'limit';
export type Values = readonly (number | null)[];

export interface ChartLine {
  readonly label: string;
  readonly tone: Tone;
  /** One for each of the equal spans of time. */
  readonly values: Values;
}

export interface Chart {
  readonly title: string;
  /** What is shown, in a sentence. */
  readonly note: string;
  readonly lines: readonly ChartLine[];
  /** Labels of the two lines between which it is filled. */
  readonly band: readonly [string, string] | null;
  readonly spanMs: number;
  readonly format: (value: number) => string;
}

/** Those in which anything was seen. */
export function chartsOf(series: SeriesPatch, limitBytes: number | null): readonly Chart[] {
  const of = (label: string, tone: Tone, field: SeriesField): ChartLine => ({
    label,
    tone,
    values: series.columns[field],
  });
  const spanMs = series.bucketMs;
  const charts: readonly Chart[] = [
    {
      title: 'Share of the sessions',
      note: 'The canary’s share as it was set, and of the sessions that were opened since.',
      lines: [of('set', 'edge', 'weightSet'), of('actual', 'canary', 'weightActual')],
      band: null,
      spanMs,
      format: percent,
    },
    calls(of, spanMs),
    difference('Errors', 'errors', of, spanMs),
    difference('Slow answers', 'latency', of, spanMs),
    memory(of, spanMs, limitBytes),
  ];
  return charts.map(withSeenLines).filter(({ lines }) => lines.length > 0);
}

type LineOf = (label: string, tone: Tone, field: SeriesField) => ChartLine;

/** Counts are noise in short spans: as many are put together as leave this many. */
const CALL_SPANS = 60;

function calls(of: LineOf, spanMs: number): Chart {
  const lines = [
    of('stable', 'stable', 'stableCalls'),
    of('baseline', 'baseline', 'baselineCalls'),
    of('canary', 'canary', 'canaryCalls'),
    of('canary’s failed', 'limit', 'canaryErrors'),
  ];
  const per = Math.max(1, Math.ceil((lines[0]?.values.length ?? 0) / CALL_SPANS));
  return {
    title: 'Calls',
    note: `Finished calls in every ${formatDuration(per * spanMs)}, and those of the canary that failed.`,
    lines: lines.map((line) => ({ ...line, values: summed(line.values, per) })),
    band: null,
    spanMs: per * spanMs,
    format: (value) => value.toLocaleString('en', { maximumFractionDigits: 1 }),
  };
}

/** The last span is left out when it is not whole. A line without a single value has none. */
function summed(values: Values, per: number): Values {
  if (values.every((value) => value === null)) return [];
  const sums: number[] = [];
  for (let i = 0; i + per <= values.length; i += per) {
    sums.push(values.slice(i, i + per).reduce<number>((sum, value) => sum + (value ?? 0), 0));
  }
  return sums;
}

function difference(title: string, kind: 'errors' | 'latency', of: LineOf, spanMs: number): Chart {
  return {
    title: `${title}: canary against stable`,
    note: 'The difference in percentage points, with the interval that holds at all times at once.',
    lines: [
      of('upper end', 'edge', `${kind}High`),
      of('difference', 'canary', `${kind}Difference`),
      of('lower end', 'edge', `${kind}Low`),
    ],
    band: ['upper end', 'lower end'],
    spanMs,
    format: points,
  };
}

function memory(of: LineOf, spanMs: number, limitBytes: number | null): Chart {
  const canary = of('canary', 'canary', 'canaryRssBytes');
  const limit = {
    label: 'limit',
    tone: 'limit',
    values: canary.values.map(() => limitBytes),
  } as const;
  return {
    title: 'Memory',
    note: 'RSS of the whole process tree.',
    lines: [
      ...(limitBytes === null ? [] : [limit]),
      of('stable', 'stable', 'stableRssBytes'),
      of('baseline', 'baseline', 'baselineRssBytes'),
      canary,
    ],
    band: null,
    spanMs,
    format: bytes,
  };
}

function withSeenLines(chart: Chart): Chart {
  const lines = chart.lines.filter(({ values }) => values.some((value) => value !== null));
  const seen = lines.some(({ tone }) => tone === 'canary' || tone === 'stable');
  return { ...chart, lines: seen ? lines : [] };
}
