/**
 * Elements from data. All text goes through `textContent`, whatever it is: names of tools, reasons
 * and lines of logs come from strangers.
 */

/** Control characters (terminal escapes among them) and those that turn the reading direction. */
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** @typedef {Node | string | number | null | undefined} Child */

/**
 * Text with what cannot be seen in it made visible.
 * @param {string} text
 */
export function plain(text) {
  return text.replaceAll(UNSEEN, '\ufffd');
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | null>} attributes true sets it empty; null and false leave it out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, plain(value));
  }
  append(element, children);
  return element;
}

/**
 * @param {Node} parent
 * @param {readonly Child[]} children
 */
function append(parent, children) {
  for (const child of children) {
    if (child == null) continue;
    const node = child instanceof Node ? child : document.createTextNode(plain(String(child)));
    parent.appendChild(node);
  }
}

/** What each element was last made from. @type {WeakMap<Element, string>} */
const shown = new WeakMap();

/**
 * Makes an element's content anew when what it shows has changed, and leaves it alone otherwise:
 * the focus, a selection and what is unfolded stay.
 * @param {Element} element
 * @param {unknown} data all that the content depends on
 * @param {() => readonly Child[]} build
 */
export function fill(element, data, build) {
  const key = JSON.stringify(data);
  if (shown.get(element) === key) return;
  shown.set(element, key);
  element.replaceChildren();
  append(element, build());
}

/**
 * A button that does something when pressed.
 * @param {string} label
 * @param {string} look a class
 * @param {() => void} press
 */
export function button(label, look, press) {
  const made = el('button', { type: 'button', class: look }, label);
  made.addEventListener('click', press);
  return made;
}

/**
 * A table with a caption for those who do not see it.
 * @param {string} caption
 * @param {readonly string[]} head
 * @param {readonly (readonly Child[])[]} rows the first cell of each names the row
 */
export function table(caption, head, rows) {
  const line = (/** @type {readonly Child[]} */ cells) =>
    el(
      'tr',
      {},
      ...cells.map((cell, i) =>
        i === 0 ? el('th', { scope: 'row' }, cell) : el('td', { 'data-head': head[i] ?? '' }, cell),
      ),
    );
  const made = el(
    'table',
    {},
    el('caption', { class: 'unseen' }, caption),
    el('thead', {}, el('tr', {}, ...head.map((name) => el('th', { scope: 'col' }, name)))),
    el('tbody', {}, ...rows.map(line)),
  );
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption }, made);
}

/** A part of the page that is not there while it has nothing to show. @param {string} title */
export function section(title) {
  const body = el('div');
  const element = el('section', { class: 'panel', hidden: true }, el('h2', {}, title), body);
  return {
    element,
    /**
     * @template T
     * @param {readonly T[]} data
     * @param {(data: readonly T[]) => readonly Child[]} build
     */
    show(data, build) {
      element.hidden = data.length === 0;
      fill(body, data, () => build(data));
    },
  };
}
