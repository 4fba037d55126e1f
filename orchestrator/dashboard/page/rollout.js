/** One rollout: where it stands, why, and what it looked like over time. */
import { ask } from './api.js';
import { Chart } from './chart.js';
import { CHARTS } from './charts.js';
import { el, fill, section } from './dom.js';
import { checkItem, nextInWords, tracksTable, transitionItem } from './facts.js';
import { dateTime, percent } from './format.js';
import { LogsView } from './logs.js';
import { patched } from './series.js';
import { steeringButtons } from './steering.js';
import { HELD_WHY, phaseBadge, phaseWords, stateBadge } from './words.js';

/** @typedef {import('../messages.js').OpenRollout} OpenRollout */
/** @typedef {import('../messages.js').SeriesPatch} SeriesPatch */

export class RolloutView {
  element = el('div', { class: 'view rollout' });
  #id;
  #announce;
  #resync;
  #head = el('div', { class: 'rollout-head' });
  #acts = el('div', { class: 'acts', role: 'group', 'aria-label': 'Steer this rollout' });
  #standing = el('section', { class: 'panel standing', 'aria-label': 'Where it stands' });
  #checks = section('Checks');
  #tracks = section('Tracks now');
  #moves = section('What happened');
  #release = section('Release');
  #smoke = section('Smoke test');
  #logs = new LogsView();
  #charts = CHARTS.map((spec) => new Chart(spec));
  /** @type {import('./series.js').Series | null} */
  #series = null;
  /** @type {OpenRollout | null} */
  #rollout = null;

  /**
   * @param {string} id
   * @param {(text: string) => void} announce tells what changed to those who do not see it
   * @param {() => void} resync asks for all anew
   */
  constructor(id, announce, resync) {
    this.#id = id;
    this.#announce = announce;
    this.#resync = resync;
    this.title = id;
    const charts = el(
      'section',
      { class: 'charts', 'aria-label': 'Over time' },
      ...this.#charts.map(({ element }) => element),
    );
    const side = el('div', { class: 'side' }, this.#checks.element, this.#tracks.element);
    this.element.append(
      el('div', { class: 'top' }, this.#head, this.#acts),
      this.#standing,
      el('div', { class: 'columns' }, charts, side),
      this.#logs.element,
      this.#release.element,
      this.#smoke.element,
      this.#moves.element,
    );
    void this.#readOnce();
  }

  /** The first sight, and the answer for an id that does not exist. */
  async #readOnce() {
    /** @type {import('./api.js').Answer<OpenRollout>} */
    const answer = await ask(`/v1/rollouts/${encodeURIComponent(this.#id)}`);
    if (answer.ok) this.rollout(answer.value);
    else fill(this.#head, answer.message, () => [el('h1', {}, this.#id), answer.message]);
  }

  /** @param {OpenRollout} rollout */
  rollout(rollout) {
    this.#tellChanges(rollout);
    this.#rollout = rollout;
    const { id, service, phase, can, assessment, tracks, transitions, release, smoke } = rollout;
    fill(this.#head, { id, service, phase }, () => [
      el('p', { class: 'note' }, service),
      el('h1', {}, id, ' ', phaseBadge(phase)),
    ]);
    fill(this.#acts, { id, can }, () => steeringButtons(rollout));
    this.#fillStanding(rollout);
    this.#checks.show(assessment?.checks ?? [], (checks) => [
      el('ul', { class: 'checks' }, ...checks.map(checkItem)),
    ]);
    this.#tracks.show(tracks === null ? [] : [tracks], ([shown]) => [shown && tracksTable(shown)]);
    this.#release.show(release === null ? [] : [release], ([shown]) => [
      shown && releaseText(shown),
    ]);
    this.#smoke.show(smoke === null ? [] : [smoke], ([shown]) => [
      shown && el('p', {}, stateBadge(shown.passed ? 'pass' : 'fail'), ' ', shown.reason),
    ]);
    this.#moves.show(transitions, (moves) => [
      el('ol', { class: 'moves' }, ...moves.toReversed().map(transitionItem)),
    ]);
    this.#logs.update(rollout);
    this.#drawCharts();
  }

  /** @param {SeriesPatch} patch */
  series(patch) {
    if (patch.rollout !== this.#id) return;
    this.#series = patched(this.#series, patch);
    if (this.#series === null) this.#resync();
    else this.#drawCharts();
  }

  /** Times left go on by themselves. */
  overview() {
    if (this.#rollout !== null) this.#fillStanding(this.#rollout);
  }

  recolor() {
    for (const chart of this.#charts) chart.draw();
  }

  destroy() {
    this.#logs.destroy();
    for (const chart of this.#charts) chart.destroy();
  }

  #drawCharts() {
    if (this.#series === null || this.#rollout === null) return;
    for (const chart of this.#charts) chart.update(this.#series, this.#rollout);
  }

  /** @param {OpenRollout} rollout */
  #tellChanges({ phase, assessment }) {
    const before = this.#rollout;
    if (before === null) return;
    if (phase !== before.phase) this.#announce(`${this.#id} is now: ${phaseWords(phase)}`);
    const verdict = assessment?.verdict;
    if (verdict !== undefined && verdict !== before.assessment?.verdict) {
      this.#announce(`The verdict is now ${verdict}: ${assessment?.reason ?? ''}`);
    }
  }

  /** @param {OpenRollout} rollout */
  #fillStanding(rollout) {
    const { reason, held, step, steps, startedAtMs, tracks, assessment, warnings, waitingFor } =
      rollout;
    const next = nextInWords(rollout, Date.now());
    const shown = {
      reason,
      held,
      step,
      tracks: tracks?.canary.weight,
      assessment,
      warnings,
      waitingFor,
      next,
    };
    const over = rollout.endedAtMs !== null;
    fill(this.#standing, shown, () => [
      el('p', { class: 'why' }, held === null ? reason : `${HELD_WHY[held]}: ${reason}`),
      el(
        'dl',
        { class: 'numbers' },
        fact('Checks', assessment === null ? '–' : stateBadge(assessment.verdict)),
        fact('Started', `${dateTime(startedAtMs)} by ${rollout.startedBy}`),
        step === null ? null : fact('Step', `${step} of ${steps}`),
        tracks === null ? null : fact('New sessions', percent(tracks.canary.weight)),
        next === null ? null : fact(over ? 'Then' : 'Next', next),
      ),
      ...warnings.map((warning) => el('p', { class: 'warning' }, `! ${warning}`)),
    ]);
  }
}

/**
 * @param {string} name
 * @param {string | Node} value
 */
function fact(name, value) {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

/** @param {NonNullable<OpenRollout['release']>} release */
function releaseText({ version, dir, removed, preparation }) {
  const made = preparation === null ? 'not begun' : `${preparation.commands.length} commands`;
  return el(
    'p',
    {},
    `${version ?? 'Release'} in ${dir}${removed ? ' (removed)' : ''}: ${made}. What they printed: `,
    el('code', {}, 'canary show'),
    '.',
  );
}
