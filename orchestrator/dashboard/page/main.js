/** The page: which view is shown, and what the live feed tells it. */
import { takeToken } from './api.js';
import { fill, plain } from './dom.js';
import { HistoryView } from './history.js';
import { Live } from './live.js';
import { OverviewView } from './overview.js';
import { RolloutView } from './rollout.js';
import { setUpTheme } from './theme.js';
import { setUpToken } from './token.js';

/** @typedef {import('../messages.js').Overview} Overview */

/**
 * @typedef {object} View
 * @property {string} title
 * @property {HTMLElement} element
 * @property {(overview: Overview) => void} [overview]
 * @property {(rollout: import('../messages.js').OpenRollout) => void} [rollout]
 * @property {(patch: import('../messages.js').SeriesPatch) => void} [series]
 * @property {() => void} [recolor]
 * @property {() => void} [destroy]
 */

const content = byId('content');
const connection = byId('connection');
const announcer = byId('announcer');
/** @type {View | null} */
let view = null;
/** @type {Overview | null} */
let latest = null;

takeToken();
setUpToken(/** @type {HTMLButtonElement} */ (byId('access')));
setUpTheme(/** @type {HTMLButtonElement} */ (byId('theme')), () => view?.recolor?.());
const live = new Live(
  {
    overview: (/** @type {Overview} */ overview) => {
      latest = overview;
      tellTrouble(overview);
      view?.overview?.(overview);
    },
    rollout: (rollout) => view?.rollout?.(rollout),
    series: (patch) => view?.series?.(patch),
  },
  (up) => {
    connection.textContent = up ? 'live' : 'connection lost, trying again';
    connection.dataset['up'] = String(up);
  },
);
// The hash is the view: a skip is not a change of view.
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  content.focus();
});
addEventListener('hashchange', () => {
  takeToken();
  show();
  content.focus();
});
show();

function show() {
  const id = /^#\/rollouts\/(.+)$/.exec(location.hash)?.[1];
  const rollout = id === undefined ? null : decodeURIComponent(id);
  view?.destroy?.();
  view = made(rollout);
  content.replaceChildren(view.element);
  document.title = `${plain(view.title)} · canary`;
  const current = view instanceof HistoryView ? 'history' : rollout === null ? 'services' : '';
  for (const link of document.querySelectorAll('nav a')) {
    if (link.getAttribute('data-view') === current) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (latest !== null) view.overview?.(latest);
  live.follow(rollout);
}

/**
 * @param {string | null} rollout
 * @returns {View}
 */
function made(rollout) {
  if (rollout !== null) return new RolloutView(rollout, announce, () => live.follow(rollout));
  return location.hash === '#/history' ? new HistoryView() : new OverviewView();
}

/** @param {string} text */
function announce(text) {
  announcer.textContent = plain(text);
}

/** @param {Overview} overview */
function tellTrouble({ pm2, proxy }) {
  const said = [
    ...(pm2.up ? [] : [`PM2 does not answer: ${pm2.reason ?? ''}`]),
    ...(proxy.up ? [] : [`canary-proxy does not answer: ${proxy.reason ?? ''}`]),
  ];
  const bar = byId('trouble');
  bar.hidden = said.length === 0;
  fill(bar, said, () => [said.join(' · ')]);
}

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}
