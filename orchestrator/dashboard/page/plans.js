/** Runs of several services, and schedules: what was upgraded, and what will be next. */
import { el, section, table } from './dom.js';
import { dateTime } from './format.js';
import { phaseBadge } from './words.js';

/** @typedef {import('../messages.js').Overview} Overview */
/** @typedef {import('../messages.js').RunSummary} RunSummary */
/** @typedef {import('../messages.js').ScheduleSummary} ScheduleSummary */

export class PlansView {
  #schedules = section('Schedules');
  #runs = section('Runs');
  element = el('div', { class: 'plans stacked' }, this.#schedules.element, this.#runs.element);

  /** @param {Overview} overview */
  overview({ schedules, runs }) {
    this.#schedules.show(schedules, (shown) => [
      table('Schedules', ['Schedule', 'Upgrades', 'Next', 'Last'], shown.map(scheduleRow)),
    ]);
    this.#runs.show(runs, (shown) => [
      table('The last runs', ['Run', 'Of', 'Began', 'Services'], shown.map(runRow)),
    ]);
  }
}

/** @param {ScheduleSummary} schedule */
function scheduleRow({ name, target, next, last, run }) {
  const coming =
    next === null ? 'never' : next.held === null ? dateTime(next.atMs) : `held: ${next.held}`;
  return [name, target, coming, last === null ? 'not yet' : lastResult(last, run)];
}

/**
 * @param {NonNullable<ScheduleSummary['last']>} last
 * @param {RunSummary | null} run the one that it began last
 */
function lastResult({ atMs, outcome, reason, began }, run) {
  const what = el('span', {}, `${dateTime(atMs)}, ${outcome}: ${reason}`);
  return run === null || !began ? what : el('div', {}, what, ' ', states(run));
}

/** @param {RunSummary} run */
function runRow(run) {
  const { id, title, startedAtMs, endedAtMs } = run;
  const when = `${dateTime(startedAtMs)}${endedAtMs === null ? ', under way' : ''}`;
  return [id, title, when, states(run)];
}

/** How many of its services stand where. @param {RunSummary} run */
function states({ states }) {
  const kinds = [...new Set(states)];
  const shown = kinds.map((kind) =>
    el('li', {}, `${states.filter((each) => each === kind).length} `, phaseBadge(kind)),
  );
  return el('ul', { class: 'states' }, ...shown);
}
