/** Starting a canary: what is wished, then the plan, then the start. */
import { order } from './api.js';
import { openDialog } from './dialog.js';
import { el, table } from './dom.js';
import { duration, percent } from './format.js';

/** @typedef {import('../../control/messages.js').PlanView} PlanView */
/** @typedef {import('../../control/messages.js').PlanReply} PlanReply */
/** @typedef {import('../../control/messages.js').StartReply} StartReply */

/** What can be wished here; all else is for `canary start`. */
const FIELDS = /** @type {const} */ ([
  ['version', 'Version to prepare', 'text', 'if canary.yaml says how releases are made'],
  ['cwd', 'Working directory', 'text', 'of the new release'],
  ['script', 'Script', 'text', ''],
  ['interpreter', 'Interpreter', 'text', ''],
  ['weight', 'Share of new sessions, %', 'number', 'as configured'],
  ['window', 'Window, minutes', 'number', 'as configured'],
]);

/** @param {string} service */
export function openStart(service) {
  const inputs = FIELDS.map(([name, label, type, hint]) => {
    const id = `start-${name}`;
    const min = type === 'number' ? '0' : null;
    const step = type === 'number' ? 'any' : null;
    const input = el('input', { id, type, min, step, placeholder: hint, autocomplete: 'off' });
    return {
      name,
      input,
      field: el('div', { class: 'field' }, el('label', { for: id }, label), input),
    };
  });
  const wishes = () => {
    const given = inputs.map(({ name, input }) => [name, input.value.trim()]);
    return requestFrom(Object.fromEntries(given.filter(([, value]) => value !== '')));
  };
  openDialog({
    title: `Start a canary of ${service}`,
    content: [
      el(
        'p',
        {},
        'What is left empty stays as main has it. Nothing starts before you have seen the plan.',
      ),
      el('div', { class: 'fields' }, ...inputs.map(({ field }) => field)),
    ],
    act: {
      label: 'Show the plan',
      look: 'main-act',
      run: async () => {
        const request = wishes();
        /** @type {import('./api.js').Answer<PlanReply>} */
        const answer = await order(service, 'start', { ...request, dryRun: true });
        if (!answer.ok) return answer.message;
        openPlan(answer.value.plan, request);
        return null;
      },
    },
  });
}

/** @param {Partial<Record<typeof FIELDS[number][0], string>>} given */
function requestFrom({ version, weight, window, ...release }) {
  return {
    release,
    ...(version === undefined ? {} : { version }),
    ...(weight === undefined ? {} : { weight: Number(weight) / 100 }),
    ...(window === undefined ? {} : { windowMs: Number(window) * 60_000 }),
  };
}

/**
 * @param {PlanView} plan
 * @param {object} request
 */
function openPlan(plan, request) {
  openDialog({
    title: `The plan for ${plan.service}`,
    content: planContent(plan),
    act: {
      label: 'Start the canary',
      look: 'main-act',
      run: async () => {
        /** @type {import('./api.js').Answer<StartReply>} */
        const answer = await order(plan.service, 'start', { ...request, dryRun: false });
        if (!answer.ok) return answer.message;
        location.hash = `#/rollouts/${encodeURIComponent(answer.value.rollout.id)}`;
        return null;
      },
    },
  });
}

/** @param {PlanView} plan */
function planContent(plan) {
  const { canaryApp, canaryPort, baselineApp, steps, promote, bakeMs, release, warnings } = plan;
  const ends = promote === 'auto' ? 'promoted by itself when it passes' : 'a person promotes it';
  const stepWords = steps.map(
    ({ weight, windowMs, gate }) =>
      `${percent(weight)} for ${duration(windowMs)}${gate === 'manual' ? ', then a person decides' : ''}`,
  );
  return [
    ...warnings.map((warning) => el('p', { class: 'warning' }, `! ${warning}`)),
    el(
      'dl',
      { class: 'plan' },
      ...term('Canary', `${canaryApp} on port ${canaryPort}`),
      ...term('Compared with', baselineApp ?? `${plan.app} as it runs`),
      ...term('Steps', stepWords.join(' → ')),
      ...term('Then', `${ends}, bakes ${duration(bakeMs)}`),
      ...(plan.smoke === null
        ? []
        : term('Smoke test', `${plan.smoke.suite}, ${plan.smoke.calls} calls`)),
      ...(release === null ? [] : term('Makes', `${release.dir}: ${release.commands.join('; ')}`)),
    ),
    ...differences('The promotion changes in main', plan.mainChanges),
    ...differences('The canary differs from main in', plan.canaryDiffers),
  ];
}

/**
 * @param {string} name
 * @param {string} value
 */
function term(name, value) {
  return [el('dt', {}, name), el('dd', {}, value)];
}

/**
 * @param {string} title
 * @param {PlanView['mainChanges']} rows
 */
function differences(title, rows) {
  if (rows.length === 0)
    return [el('p', {}, `${title}: nothing; what is new is the code on disk.`)];
  const cells = rows.map(({ field, before, after }) => [field, before, after]);
  return [el('h3', {}, title), table(title, ['What', 'Before', 'After'], cells)];
}
