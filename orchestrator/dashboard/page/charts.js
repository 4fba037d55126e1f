/** What is drawn of a rollout. */
import { count, duration, megabytes, percent, points } from './format.js';
import { perMinute } from './series.js';

/** @typedef {import('./chart.js').ChartSpec} ChartSpec */
/** @typedef {import('./chart.js').Line} Line */
/** @typedef {import('./series.js').Series} Series */
/** @typedef {import('../messages.js').SeriesField} SeriesField */
/** @typedef {import('../messages.js').OpenRollout} OpenRollout */

/** @type {readonly ChartSpec[]} */
export const CHARTS = [
  difference({
    title: 'Errors: canary against stable',
    note: 'How many more of the canary’s calls fail, in percentage points, tool by tool; the band holds the truth with the judge’s confidence.',
    what: 'of the canary’s calls fail',
    fields: ['errorsHigh', 'errorsLow', 'errorsDifference'],
  }),
  difference({
    title: 'Latency: canary against stable',
    note: 'How many more of the canary’s answers are slower than stable’s 95th percentile, in percentage points, with the band.',
    what: 'of the canary’s answers are slow',
    fields: ['latencyHigh', 'latencyLow', 'latencyDifference'],
  }),
  {
    title: 'Memory',
    wide: true,
    note: 'Resident memory of the whole process trees. Dashed: where the canary’s growth leads with all the traffic on it.',
    lines: [
      line('Stable', 'stable', 'stableRssBytes'),
      line('Canary', 'canary', 'canaryRssBytes'),
      line('Baseline', 'baseline', 'baselineRssBytes'),
      { label: 'Projection', tone: 'canary', dashed: true, values: projection },
      { label: 'Limit', tone: 'limit', dashed: true, values: limitLine },
    ],
    format: megabytes,
    summary: memoryInWords,
  },
  {
    title: 'New sessions to the canary',
    note: 'The share that the proxy was set to give it, and what it really got since then.',
    lines: [
      { ...line('Set', 'stable', 'weightSet'), stepped: true },
      line('Actual', 'canary', 'weightActual'),
    ],
    format: percent,
    summary: ({ columns }) =>
      `Set to ${percent(latest(columns.weightSet))}, actually ${percent(latest(columns.weightActual))}.`,
  },
  {
    title: 'Calls a minute',
    note: 'Calls that ended on each track, and those on the canary that failed.',
    lines: [
      rate('Stable', 'stable', 'stableCalls'),
      rate('Canary', 'canary', 'canaryCalls'),
      rate('Baseline', 'baseline', 'baselineCalls'),
      { ...rate('Failed on the canary', 'limit', 'canaryErrors'), dashed: true },
    ],
    format: (value) => (value == null ? '–' : String(Math.round(value * 10) / 10)),
    summary: ({ columns }) =>
      `${sum(columns.canaryCalls)} calls on the canary, ${sum(columns.canaryErrors)} failed; ${sum(columns.stableCalls)} on stable, ${sum(columns.stableErrors)} failed.`,
  },
  {
    title: 'Sessions opened',
    wide: true,
    note: 'All that each track was given since the rollout began, also those that are over. How many are open now is among the tracks.',
    lines: [
      line('Stable', 'stable', 'stableSessions'),
      line('Canary', 'canary', 'canarySessions'),
      line('Baseline', 'baseline', 'baselineSessions'),
    ],
    format: count,
    summary: ({ columns }) =>
      `${count(latest(columns.canarySessions))} on the canary, ${count(latest(columns.stableSessions))} on stable.`,
  },
];

/**
 * @param {string} label
 * @param {Line['tone']} tone
 * @param {SeriesField} field
 * @returns {Line}
 */
function line(label, tone, field) {
  return { label, tone, values: ({ columns }) => columns[field] };
}

/**
 * @param {string} label
 * @param {Line['tone']} tone
 * @param {SeriesField} field
 * @returns {Line}
 */
function rate(label, tone, field) {
  return { label, tone, values: ({ columns, bucketMs }) => perMinute(columns[field], bucketMs) };
}

/**
 * @param {{ title: string, note: string, what: string, fields: readonly [SeriesField, SeriesField, SeriesField] }} about
 * @returns {ChartSpec}
 */
function difference({ title, note, what, fields: [high, low, middle] }) {
  return {
    title,
    note,
    lines: [
      line('At most', 'edge', high),
      line('At least', 'edge', low),
      line('Difference', 'canary', middle),
    ],
    band: [0, 1],
    format: (value) => (value == null ? '–' : `${points(value)} pt`),
    summary: ({ columns }) => {
      const value = latest(columns[middle]);
      if (value === null) return 'Nothing to compare yet.';
      return `${points(value)} percentage points more ${what} than of stable’s; between ${points(latest(columns[low]))} and ${points(latest(columns[high]))}.`;
    },
    range: ({ columns }) => {
      const seen = Math.max(0, ...columns[middle].map((value) => Math.abs(value ?? 0)));
      const edges = Math.max(...[low, high].map((edge) => Math.abs(latest(columns[edge]) ?? 0)));
      // An interval that says nothing yet would press the difference flat.
      const half = Math.min(1, Math.max(0.01, 1.3 * seen, Math.min(2 * edges, 0.25)));
      return [-half, half];
    },
  };
}

/**
 * From the canary's memory now straight to the limit, cut where the chart ends.
 * @param {Series} series
 * @param {OpenRollout} rollout
 */
function projection({ columns, times, windowEndsAtMs }, { assessment, endedAtMs }) {
  const values = times.map(() => /** @type {number | null} */ (null));
  const numbers = assessment?.checks.find(({ check }) => check === 'memory')?.numbers ?? {};
  const { limitBytes, toLimitMs } = numbers;
  const at = columns.canaryRssBytes.findLastIndex((value) => value !== null);
  const now = columns.canaryRssBytes[at];
  if (endedAtMs !== null || now == null || limitBytes === undefined || !toLimitMs) return values;
  const leftMs = windowEndsAtMs - (times[at] ?? 0) * 1_000;
  if (leftMs <= 0 || at < times.length - 2) return values;
  values[values.length - 1] = now;
  return [...values, Math.min(limitBytes, now + ((limitBytes - now) * leftMs) / toLimitMs)];
}

/**
 * @param {Series} series
 * @param {OpenRollout} rollout
 */
function limitLine({ times }, { assessment }) {
  const limit = assessment?.checks.find(({ check }) => check === 'memory')?.numbers['limitBytes'];
  return [...times, 0].map(() => limit ?? null);
}

/**
 * @param {Series} series
 * @param {OpenRollout} rollout
 */
function memoryInWords({ columns }, { assessment }) {
  const numbers = assessment?.checks.find(({ check }) => check === 'memory')?.numbers ?? {};
  const { bytesPerHour, toLimitMs } = numbers;
  const sizes = `Canary ${megabytes(latest(columns.canaryRssBytes))}, stable ${megabytes(latest(columns.stableRssBytes))}`;
  const growth =
    bytesPerHour === undefined ? '' : `; the canary grows ${megabytes(bytesPerHour)} an hour`;
  const limit =
    toLimitMs === undefined
      ? ''
      : `, with all the traffic it is at the limit in ${duration(toLimitMs)}`;
  return `${sizes}${growth}${limit}.`;
}

/** @param {readonly (number | null)[]} values */
function latest(values) {
  return values.findLast((value) => value !== null) ?? null;
}

/** @param {readonly (number | null)[]} values */
function sum(values) {
  return values.reduce((/** @type {number} */ total, value) => total + (value ?? 0), 0);
}
