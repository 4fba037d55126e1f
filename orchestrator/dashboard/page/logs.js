/** The end of what both tracks print, asked for with the token while a person wants to see it. */
import { askWithToken } from './api.js';
import { button, el, fill } from './dom.js';
import { withToken } from './steering.js';
import { isUnderWay } from './words.js';

/** @typedef {import('../messages.js').LogTails} LogTails */
/** @typedef {LogTails['tails'][number]} Tail */

const EVERY_MS = 3_000;
const NAMES = { stable: 'Stable', canary: 'Canary' };
const STREAMS = { out: 'output', err: 'errors' };

export class LogsView {
  #body = el('div', { class: 'tails' });
  #toggle = button('Show the logs', 'plain-act', () => this.#press());
  element = el(
    'section',
    { class: 'panel', hidden: true, 'aria-label': 'Logs' },
    el('div', { class: 'top' }, el('h2', {}, 'Logs'), this.#toggle),
    el('p', { class: 'note' }, 'The last lines of both tracks. They take the token.'),
    this.#body,
  );
  #service = '';
  /** Ends the asking. @type {AbortController | null} */
  #shown = null;
  /** The text of each file stays the same element: where one has scrolled to is kept. @type {Map<string, HTMLElement>} */
  #texts = new Map();

  /** @param {import('../messages.js').OpenRollout} rollout */
  update(rollout) {
    this.#service = rollout.service;
    this.element.hidden = !isUnderWay(rollout);
    if (this.element.hidden) this.destroy();
  }

  destroy() {
    this.#shown?.abort();
    this.#shown = null;
    this.#texts.clear();
    fill(this.#body, null, () => []);
    this.#toggle.textContent = 'Show the logs';
  }

  #press() {
    if (this.#shown !== null) this.destroy();
    else withToken(() => this.#show());
  }

  #show() {
    if (this.#shown !== null || this.element.hidden) return;
    this.#shown = new AbortController();
    this.#toggle.textContent = 'Hide the logs';
    void this.#follow(this.#shown.signal);
  }

  /** @param {AbortSignal} stopped */
  async #follow(stopped) {
    while (!stopped.aborted) {
      if (!document.hidden) {
        /** @type {import('./api.js').Answer<LogTails>} */
        const answer = await askWithToken(`/v1/services/${encodeURIComponent(this.#service)}/logs`);
        if (stopped.aborted) return;
        if (answer.ok) this.#fill(answer.value.tails);
        else fill(this.#body, answer.message, () => [el('p', { class: 'error' }, answer.message)]);
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  /** @param {readonly Tail[]} tails */
  #fill(tails) {
    const titles = tails.map(title);
    fill(this.#body, titles, () =>
      titles.length === 0
        ? ['PM2 has no app of this service now.']
        : titles.map((name) => el('figure', {}, el('figcaption', {}, name), this.#text(name))),
    );
    for (const tail of tails) fillText(this.#text(title(tail)), tail.lines);
  }

  /** @param {string} name */
  #text(name) {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const text = el('pre', { tabindex: '0', role: 'region', 'aria-label': name });
    this.#texts.set(name, text);
    return text;
  }
}

/** @param {Tail} tail */
function title({ track, stream }) {
  return `${NAMES[track]}, ${STREAMS[stream]}`;
}

/**
 * Stays at the end, unless somebody has scrolled up to read.
 * @param {HTMLElement} text
 * @param {readonly string[]} lines
 */
function fillText(text, lines) {
  const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 4;
  fill(text, lines, () => [lines.length === 0 ? 'Nothing yet.' : lines.join('\n')]);
  if (atEnd) text.scrollTop = text.scrollHeight;
}
