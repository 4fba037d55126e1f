/** Where a rollout stands: both tracks side by side, the checks, the moves. */
import { el, table } from './dom.js';
import { clock, count, dateTime, digits, duration, megabytes, percent, points } from './format.js';
import { phaseWords, stateBadge } from './words.js';

/** @typedef {import('../messages.js').OpenRollout} OpenRollout */
/** @typedef {import('../messages.js').RolloutSummary} RolloutSummary */
/** @typedef {import('../../control/messages.js').TrackView} TrackView */
/** @typedef {import('../../judge/types.js').CheckResult} CheckResult */

/**
 * What happens next and when, in a sentence; null when nothing is known of it.
 * @param {RolloutSummary | OpenRollout} rollout
 * @param {number} nowMs
 */
export function nextInWords({ phase, phaseEndsAtMs, waitingFor, endedAtMs, startedAtMs }, nowMs) {
  if (endedAtMs !== null)
    return `ended ${dateTime(endedAtMs)}, after ${duration(endedAtMs - startedAtMs)}`;
  if (phaseEndsAtMs === null) return waitingFor;
  const left = phaseEndsAtMs - nowMs;
  const when = left > 0 ? `in ${duration(roundedUp(left))}` : 'now';
  const what = phase === 'held' ? 'the time for a person is over' : 'is decided';
  return `${what} ${when}, at ${clock(phaseEndsAtMs)}`;
}

/** To whole minutes while there are many: a clock that ticks only distracts. @param {number} ms */
function roundedUp(ms) {
  return ms > 120_000 ? Math.ceil(ms / 60_000) * 60_000 : ms;
}

/** @param {NonNullable<OpenRollout['tracks']>} tracks */
export function tracksTable({ stable, canary, baseline }) {
  const shown = [
    { name: 'Stable', track: stable },
    { name: 'Canary', track: canary },
    ...(baseline === null ? [] : [{ name: 'Baseline', track: baseline }]),
  ];
  /** @type {readonly (readonly [string, (track: TrackView) => string])[]} */
  const facts = [
    ['Share of new sessions', ({ weight }) => percent(weight)],
    ['Sessions', ({ sessions }) => count(sessions)],
    ['Calls', ({ calls }) => count(calls)],
    [
      'Failed',
      ({ calls, errors }) => `${count(errors)}${calls > 0 ? ` (${percent(errors / calls)})` : ''}`,
    ],
    ['In flight', ({ inFlight }) => count(inFlight)],
    ['Streams', ({ streams }) => count(streams)],
    ['Memory', ({ rssBytes }) => megabytes(rssBytes)],
    ['Restarts', ({ restarts }) => count(restarts)],
    [
      'Process',
      ({ pid, status }) => (pid === null ? (status ?? 'none') : `${status ?? '?'}, pid ${pid}`),
    ],
  ];
  const head = ['', ...shown.map(({ name }) => name)];
  const rows = facts.map(([label, tell]) => [label, ...shown.map(({ track }) => tell(track))]);
  return table('What each track carries now', head, rows);
}

/** @param {CheckResult} check */
export function checkItem({ check, state, reason, numbers }) {
  const rows = Object.entries(numbers).map(([name, value]) => [name, numberText(name, value)]);
  return el(
    'li',
    { class: 'check' },
    el('div', { class: 'check-head' }, el('h3', {}, check), stateBadge(state)),
    el('p', {}, reason),
    rows.length === 0
      ? null
      : el(
          'details',
          {},
          el('summary', {}, 'Numbers'),
          table(`Numbers of the check ${check}`, ['Name', 'Value'], rows),
        ),
  );
}

/** Ratios of the comparison; their names carry no unit. */
const RATIOS = new Set(['canary', 'stable']);
const POINTS = new Set(['difference', 'low', 'high']);

/**
 * @param {string} name
 * @param {number} value
 */
function numberText(name, value) {
  if (RATIOS.has(name)) return percent(value);
  if (POINTS.has(name)) return `${points(value)} points`;
  if (/bytes/i.test(name)) return megabytes(value);
  if (name.endsWith('Ms')) return duration(value);
  return Number.isInteger(value) ? count(value) : digits(value);
}

/** @param {OpenRollout['transitions'][number]} transition */
export function transitionItem({ atMs, to, stage, reason, assessment }) {
  return el(
    'li',
    {},
    el('time', { datetime: new Date(atMs).toISOString() }, dateTime(atMs)),
    el('b', {}, `${phaseWords(to)}${stage === null ? '' : ` · ${stage}`}`),
    el('p', {}, reason),
    assessment === null ? null : evidence(assessment.checks),
  );
}

/** What the judge said at that moment. @param {readonly CheckResult[]} checks */
function evidence(checks) {
  if (checks.length === 0) return null;
  const rows = checks.map(({ check, state, reason }) => [check, stateBadge(state), reason]);
  return el(
    'details',
    {},
    el('summary', {}, 'What the checks said then'),
    table('What the checks said then', ['Check', 'State', 'Why'], rows),
  );
}
