/** Both tracks in numbers: what they carry, how they differ, where the memory leads (pure). */
import type { RolloutView, TrackView } from '../../control/messages.js';
import { bytes, duration, points } from '../../judge/words.js';
import { megabytes, percent } from '../format.js';
import { hanging, lineOf, span, type Line } from '../terminal/line.js';
import { pad, widthOf } from '../terminal/width.js';
import { checkOf } from './document.js';

const HEAD = ['', 'weight', 'sessions', 'calls', 'errors', 'memory', 'restarts'];

/** A table of the tracks: weight is what is set, the share of the sessions what has come of it. */
export function trackLines(view: RolloutView): Line[] {
  const { tracks } = view;
  if (tracks === null) return [];
  const { stable, canary, baseline } = tracks;
  const sessions = stable.sessions + canary.sessions + (baseline?.sessions ?? 0);
  const rows = [
    HEAD,
    rowOf('stable', stable, judgedCalls(view, 'stable', stable), sessions),
    rowOf('canary', canary, judgedCalls(view, 'canary', canary), sessions),
    ...(baseline === null
      ? []
      : [
          rowOf('baseline', baseline, { calls: baseline.calls, errors: baseline.errors }, sessions),
        ]),
  ];
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => widthOf(row[i] ?? ''))));
  return rows.map((row, i) => {
    const cells = row.map((cell, column) =>
      pad(cell, widths[column] ?? 0, column === 0 ? 'right' : 'left'),
    );
    return lineOf(`  ${cells.join('  ')}`, i === 0 ? 'faint' : 'plain');
  });
}

/** The sentences that compare: errors with their interval, memory with its projection. */
export function comparisonLines(view: RolloutView, columns: number): Line[] {
  const rows: (readonly [string, string | null])[] = [
    ['errors', errorsText(view)],
    ['memory', memoryText(view)],
  ];
  return rows.flatMap(([name, text]) =>
    text === null ? [] : hanging([span(`  ${name.padEnd(8)}`, 'faint')], text, columns),
  );
}

/** `canary +0.1 points [-0.9, +1.2]`; null before both tracks have calls. */
export function errorsText(view: RolloutView): string | null {
  const { difference, low, high } = checkOf(view, 'errors')?.numbers ?? {};
  if (difference === undefined || low === undefined || high === undefined) return null;
  return `canary ${points(difference)} points [${points(low)}, ${points(high)}] against stable`;
}

function memoryText(view: RolloutView): string | null {
  const numbers = checkOf(view, 'memory')?.numbers;
  if (numbers?.['canaryRssBytes'] === undefined) return null;
  const { bytesPerHour, toLimitMs, limitBytes } = numbers;
  const limit = limitBytes === undefined ? 'no limit' : `limit ${bytes(limitBytes)}`;
  if (bytesPerHour === undefined) return `${limit}; too early for a trend`;
  const growth = `canary ${bytesPerHour < 0 ? 'shrinks' : 'grows'} ${bytes(Math.abs(bytesPerHour))}/h`;
  if (limitBytes === undefined) return `${growth}; ${limit}`;
  return toLimitMs === undefined
    ? `${growth}; it does not reach its ${limit}`
    : `${growth}; with all the traffic it reaches its ${limit} in ${duration(toLimitMs)}`;
}

interface Calls {
  readonly calls: number;
  readonly errors: number;
}

/** Those that the judge compares; the proxy's own count goes back further than the rollout. */
function judgedCalls(view: RolloutView, track: 'stable' | 'canary', seen: TrackView): Calls {
  const numbers = checkOf(view, 'errors')?.numbers;
  const { [`${track}Calls`]: calls, [`${track}Errors`]: errors } = numbers ?? {};
  return calls === undefined || errors === undefined ? seen : { calls, errors };
}

function rowOf(name: string, track: TrackView, { calls, errors }: Calls, all: number): string[] {
  const { weight, sessions, rssBytes, restarts } = track;
  return [
    name,
    percent(weight),
    `${sessions.toLocaleString('en')}${all === 0 ? '' : ` (${Math.round((100 * sessions) / all)}%)`}`,
    calls.toLocaleString('en'),
    `${errors.toLocaleString('en')}${calls === 0 ? '' : ` (${percent(errors / calls)})`}`,
    megabytes(rssBytes),
    String(restarts ?? '-'),
  ];
}
