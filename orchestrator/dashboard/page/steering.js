/** What a person can do, each after a dialog that says what it means. */
import { hasToken, order } from './api.js';
import { button, el } from './dom.js';
import { openDialog } from './dialog.js';
import { askForToken } from './token.js';

/** @typedef {import('../../rollout/rollout.js').RequestKind} RequestKind */

/** @type {Readonly<Record<RequestKind, { label: string, look: string, means: string }>>} */
const ORDERS = {
  promote: {
    label: 'Promote',
    look: 'main-act',
    means: 'Main gets the new release now, without a gap, whatever the window says.',
  },
  pause: {
    label: 'Pause',
    look: 'plain-act',
    means:
      'The window stops. The canary keeps its share and is still judged: a failure still rolls it back.',
  },
  resume: {
    label: 'Resume',
    look: 'plain-act',
    means: 'Goes on with what was left of the step, or opens the gate to the next one.',
  },
  rollback: {
    label: 'Roll back',
    look: 'bad-act',
    means:
      'Traffic and sessions go to main first, then the canary is removed. If main already has the new release, it gets its old one back.',
  },
};

/**
 * The buttons for what can be asked of a rollout now.
 * @param {{ readonly id: string, readonly service: string, readonly can: readonly RequestKind[] }} rollout
 */
export function steeringButtons({ id, service, can }) {
  const kinds = /** @type {RequestKind[]} */ (Object.keys(ORDERS)).filter((kind) =>
    can.includes(kind),
  );
  return kinds.map((kind) =>
    button(ORDERS[kind].label, ORDERS[kind].look, () =>
      withToken(() => confirmOrder(kind, id, service)),
    ),
  );
}

/**
 * Does it at once when this tab has the token, else asks for it first.
 * @param {() => void} act
 */
export function withToken(act) {
  if (hasToken()) act();
  else askForToken(act);
}

/**
 * @param {RequestKind} kind
 * @param {string} id
 * @param {string} service
 */
function confirmOrder(kind, id, service) {
  const { label, look, means } = ORDERS[kind];
  const reason = el('input', { id: 'reason', maxlength: '1000', autocomplete: 'off' });
  openDialog({
    title: `${label} ${id}?`,
    content: [
      el('p', {}, means),
      el('label', { for: 'reason' }, 'Reason, kept in the history (optional)'),
      reason,
    ],
    act: {
      label,
      look,
      run: async () => {
        const text = reason.value.trim();
        const answer = await order(service, kind, { reason: text === '' ? null : text });
        return answer.ok ? null : answer.message;
      },
    },
  });
}
