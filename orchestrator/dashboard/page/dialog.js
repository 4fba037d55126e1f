/** A modal dialog with one thing to do, and a way out of it. */
import { button, el } from './dom.js';

/**
 * @typedef {object} DialogSpec
 * @property {string} title
 * @property {readonly (Node | string)[]} content
 * @property {{ label: string, look: string, run: () => Promise<string | null> }} act `run` gives what went wrong; null closes the dialog
 */

/** @param {DialogSpec} spec */
export function openDialog({ title, content, act }) {
  const error = el('p', { class: 'error', role: 'alert' });
  const go = el('button', { type: 'submit', class: act.look }, act.label);
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: 'dialog-title' }, title),
    ...content,
    error,
  );
  const dialog = el('dialog', { 'aria-labelledby': 'dialog-title' }, form);
  const cancel = button('Cancel', 'plain-act', () => dialog.close());
  form.append(el('div', { class: 'acts' }, cancel, go));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    go.disabled = true;
    error.textContent = '';
    void act.run().then((wrong) => {
      go.disabled = false;
      if (wrong === null) dialog.close();
      else error.textContent = wrong;
    });
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
