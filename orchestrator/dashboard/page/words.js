/** States in words, with a sign and a tone each: nothing is told by colour alone. */
import { el } from './dom.js';

/** @typedef {import('../../rollout/phase.js').PhaseKind} PhaseKind */
/** @typedef {import('../../rollout/phase.js').HeldWhy} HeldWhy */
/** @typedef {'good' | 'bad' | 'care' | 'busy' | 'calm'} Tone */
/** @typedef {readonly [Tone, string, string]} Sign tone, sign, words */

/** @type {Readonly<Record<PhaseKind, Sign>>} */
const PHASES = {
  preparing: ['busy', '◔', 'Preparing'],
  starting: ['busy', '◔', 'Starting'],
  smoking: ['busy', '◔', 'Smoke test'],
  observing: ['busy', '◑', 'Observing'],
  held: ['care', '‖', 'Held'],
  promoting: ['busy', '◕', 'Promoting'],
  baking: ['busy', '◕', 'Baking'],
  retiring: ['busy', '◕', 'Retiring'],
  'rolling-back': ['bad', '↶', 'Rolling back'],
  promoted: ['good', '✓', 'Promoted'],
  'rolled-back': ['bad', '↶', 'Rolled back'],
};

/** Where a service of a run stands without a rollout. @type {Readonly<Record<string, Sign>>} */
const MEMBERS = {
  pending: ['calm', '·', 'Waiting'],
  unchanged: ['calm', '=', 'Unchanged'],
  refused: ['care', '!', 'Refused'],
  'not-started': ['calm', '·', 'Not started'],
};

/** @type {Readonly<Record<string, Sign>>} */
const CHECKS = {
  pass: ['good', '✓', 'Pass'],
  fail: ['bad', '✕', 'Fail'],
  inconclusive: ['care', '?', 'Not yet known'],
  error: ['care', '!', 'Could not be made'],
};

/** Why a rollout waits for a person. @type {Readonly<Record<HeldWhy, string>>} */
export const HELD_WHY = {
  paused: 'a person paused it',
  gate: 'the step is over and its gate asks for a person',
  inconclusive: 'the window ended with too little evidence',
  approval: 'it passed and waits for approval',
  drift: 'another hand changed main or the canary',
  'main-down': 'main does not come up; the canary keeps the traffic',
};

/** @param {Sign} sign */
function badge([tone, sign, words]) {
  const icon = el('span', { class: 'sign', 'aria-hidden': 'true' }, sign);
  return el('span', { class: `badge ${tone}` }, icon, words);
}

/** @param {string} phase */
function phaseSign(phase) {
  const known = /** @type {Record<string, Sign | undefined>} */ ({ ...PHASES, ...MEMBERS });
  return known[phase] ?? ['calm', '·', phase];
}

/** @param {string} phase */
export function phaseBadge(phase) {
  return badge(/** @type {Sign} */ (phaseSign(phase)));
}

/** @param {string} phase */
export function phaseWords(phase) {
  return phaseSign(phase)[2];
}

/** @param {string} state of a check, or a verdict */
export function stateBadge(state) {
  return badge(CHECKS[state] ?? ['calm', '·', state]);
}

/** A service without a rollout. */
export function idleBadge() {
  return badge(['calm', '·', 'No rollout yet']);
}

/** @param {{ readonly endedAtMs: number | null }} rollout */
export function isUnderWay({ endedAtMs }) {
  return endedAtMs === null;
}
