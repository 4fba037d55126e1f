/** All services and their state at a glance. */
import { button, el, fill } from './dom.js';
import { nextInWords } from './facts.js';
import { count, megabytes, percent } from './format.js';
import { PlansView } from './plans.js';
import { openStart } from './start.js';
import { withToken } from './steering.js';
import { HELD_WHY, idleBadge, isUnderWay, phaseBadge, stateBadge } from './words.js';

/** @typedef {import('../messages.js').Overview} Overview */
/** @typedef {import('../messages.js').ServiceSummary} ServiceSummary */
/** @typedef {import('../messages.js').RolloutSummary} RolloutSummary */

export class OverviewView {
  title = 'Services';
  element = el('div', { class: 'view' }, el('h1', {}, 'Services'));
  #list = el('ul', { class: 'services' });
  #plans = new PlansView();
  /** @type {Map<string, HTMLLIElement>} */
  #cards = new Map();

  constructor() {
    this.element.append(this.#list, this.#plans.element);
  }

  /** @param {Overview} overview */
  overview(overview) {
    this.#plans.overview(overview);
    const nowMs = Date.now();
    for (const service of overview.services) {
      const next = service.rollout && nextInWords(service.rollout, nowMs);
      fill(this.#card(service.service), { ...service, next }, () => content(service, next));
    }
  }

  /** @param {string} service */
  #card(service) {
    const known = this.#cards.get(service);
    if (known !== undefined) return known;
    const card = el('li', { class: 'panel service' });
    this.#cards.set(service, card);
    this.#list.append(card);
    return card;
  }
}

/**
 * @param {ServiceSummary} service
 * @param {string | null} next
 */
function content({ service, app, listen, rollout }, next) {
  const start = button('Start a canary', 'plain-act', () => withToken(() => openStart(service)));
  start.setAttribute('aria-label', `Start a canary of ${service}`);
  const idle = rollout === null || !isUnderWay(rollout);
  const head = el(
    'div',
    { class: 'service-head' },
    el('h2', {}, rollout === null ? service : linkTo(rollout.id, service)),
    rollout === null ? idleBadge() : phaseBadge(rollout.phase),
  );
  const where = el('p', { class: 'note' }, `PM2 app ${app}, agents on ${listen}`);
  if (rollout === null) return [head, where, el('div', { class: 'acts' }, start)];
  return [
    head,
    where,
    el('p', { class: 'reason' }, rollout.held === null ? rollout.reason : HELD_WHY[rollout.held]),
    idle ? null : numbers(rollout),
    next === null ? null : el('p', { class: 'next' }, next),
    el(
      'div',
      { class: 'acts' },
      linkTo(rollout.id, idle ? `Look at ${rollout.id}` : 'Look closer'),
      idle ? start : null,
    ),
  ];
}

/** @param {RolloutSummary} rollout */
function numbers({ tracks, verdict, step, steps }) {
  const badge = verdict === null ? null : stateBadge(verdict);
  if (tracks === null) return badge && el('p', {}, badge);
  const { stable, canary } = tracks;
  /** @type {readonly (readonly [string, string | Node])[]} */
  const shown = [
    ['New sessions', percent(canary.weight)],
    ['Step', step === null ? '–' : `${step} of ${steps}`],
    ['Calls', `${count(canary.calls)} / ${count(stable.calls)}`],
    ['Failed', `${count(canary.errors)} / ${count(stable.errors)}`],
    ['Memory', `${megabytes(canary.rssBytes).replace(' MB', '')} / ${megabytes(stable.rssBytes)}`],
    ['Checks', badge ?? '–'],
  ];
  const cells = shown.map(([name, value]) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, value)),
  );
  return el(
    'div',
    {},
    el('dl', { class: 'numbers' }, ...cells),
    el('p', { class: 'note' }, 'canary / stable'),
  );
}

/**
 * @param {string} id
 * @param {string} text
 */
export function linkTo(id, text) {
  return el('a', { href: `#/rollouts/${encodeURIComponent(id)}` }, text);
}
