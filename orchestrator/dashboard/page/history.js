/** The rollouts that were, newest first; each leads to its evidence. */
import { ask } from './api.js';
import { el, fill, table } from './dom.js';
import { dateTime, duration } from './format.js';
import { linkTo } from './overview.js';
import { isUnderWay, phaseBadge } from './words.js';

/** @typedef {import('../messages.js').HistoryList} HistoryList */
/** @typedef {import('../messages.js').Overview} Overview */

export class HistoryView {
  title = 'History';
  element = el('div', { class: 'view history stacked' }, el('h1', {}, 'History'));
  #list = el('div', { class: 'panel' }, 'Reading …');
  #seen = '';

  constructor() {
    this.element.append(this.#list);
    void this.#read();
  }

  /** A rollout that begins or ends is news here. @param {Overview} overview */
  overview({ services }) {
    const seen = services.map(({ rollout }) => `${rollout?.id} ${rollout?.phase}`).join();
    if (this.#seen !== '' && this.#seen !== seen) void this.#read();
    this.#seen = seen;
  }

  async #read() {
    /** @type {import('./api.js').Answer<HistoryList>} */
    const answer = await ask('/v1/history');
    if (!answer.ok) {
      fill(this.#list, answer.message, () => [answer.message]);
      return;
    }
    const { rollouts } = answer.value;
    fill(this.#list, rollouts, () => [
      rollouts.length === 0 ? 'No rollout yet.' : historyTable(rollouts),
    ]);
  }
}

/** @param {HistoryList['rollouts']} rollouts */
function historyTable(rollouts) {
  const rows = rollouts.map((rollout) => [
    linkTo(rollout.id, rollout.id),
    phaseBadge(rollout.phase),
    dateTime(rollout.startedAtMs),
    isUnderWay(rollout) ? 'under way' : duration((rollout.endedAtMs ?? 0) - rollout.startedAtMs),
    rollout.reason,
  ]);
  return table('Rollouts, newest first', ['Rollout', 'Result', 'Started', 'Took', 'Why'], rows);
}
