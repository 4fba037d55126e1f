/** Light, dark, or as the system has it; the choice stays in this browser. */
const KEY = 'canary-theme';
const CHOICES = ['auto', 'light', 'dark'];

/**
 * @param {HTMLButtonElement} toggle
 * @param {() => void} changed charts draw their colours themselves
 */
export function setUpTheme(toggle, changed) {
  const apply = (/** @type {string} */ choice) => {
    if (choice === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice;
    toggle.textContent = `Theme: ${choice}`;
    changed();
  };
  let choice = localStorage.getItem(KEY) ?? 'auto';
  if (!CHOICES.includes(choice)) choice = 'auto';
  apply(choice);
  toggle.addEventListener('click', () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? 'auto';
    localStorage.setItem(KEY, choice);
    apply(choice);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
}
