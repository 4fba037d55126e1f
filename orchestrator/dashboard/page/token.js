/** The token of this tab: asked for when somebody wants to act, or given up. */
import { hasToken, keepToken } from './api.js';
import { openDialog } from './dialog.js';
import { el } from './dom.js';

/** @type {HTMLButtonElement | null} */
let shownBy = null;

/** @param {HTMLButtonElement} access the button that tells, and changes, whether this tab can act */
export function setUpToken(access) {
  shownBy = access;
  access.addEventListener('click', () => {
    if (!hasToken()) {
      askForToken(() => undefined);
      return;
    }
    keepToken('');
    tell();
  });
  tell();
}

function tell() {
  if (shownBy === null) return;
  shownBy.textContent = hasToken() ? 'Can act' : 'Read only';
  shownBy.title = hasToken() ? 'Forget the token of this tab' : 'Enter the token, to act';
}

/** @param {() => void} then */
export function askForToken(then) {
  const token = el('input', { id: 'token', type: 'password', required: true, autocomplete: 'off' });
  openDialog({
    title: 'The token, please',
    content: [
      el(
        'p',
        {},
        'Looking is open. To act, and to read logs, run ',
        el('code', {}, 'canary dashboard'),
        ' on the machine and open the address it prints, or enter the token from it here. It is kept for this tab only.',
      ),
      el('label', { for: 'token' }, 'Token'),
      token,
    ],
    act: {
      label: 'Keep for this tab',
      look: 'main-act',
      run: () => {
        keepToken(token.value.trim().replace(/^.*#token=/, ''));
        tell();
        queueMicrotask(then);
        return Promise.resolve(null);
      },
    },
  });
}
