/** Questions to the orchestrator, and orders with the token. */

const KEY = 'canary-token';
const TOKEN_HEADER = 'x-canary-token';

/**
 * @template T
 * @typedef {{ readonly ok: true, readonly value: T } | { readonly ok: false, readonly message: string }} Answer
 */

/** Takes the token out of the address, where it would stay in the history, and keeps it for this tab. */
export function takeToken() {
  const found = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (found === undefined) return;
  keepToken(found);
  history.replaceState(null, '', '#/');
}

/** @param {string} token empty: forget it */
export function keepToken(token) {
  if (token === '') sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
}

export function hasToken() {
  return sessionStorage.getItem(KEY) !== null;
}

/**
 * @template T
 * @param {string} path
 * @returns {Promise<Answer<T>>}
 */
export function ask(path) {
  return answered(() => fetch(path));
}

/**
 * @template T
 * @param {string} path of what only a holder of the token may read
 * @returns {Promise<Answer<T>>}
 */
export function askWithToken(path) {
  return answered(() => fetch(path, { headers: tokenHeader() }));
}

/**
 * Gives an order.
 * @template T
 * @param {string} service
 * @param {string} verb
 * @param {unknown} body
 * @returns {Promise<Answer<T>>}
 */
export function order(service, verb, body) {
  const path = `/v1/services/${encodeURIComponent(service)}/${verb}`;
  const headers = { 'content-type': 'application/json', ...tokenHeader() };
  return answered(() => fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

function tokenHeader() {
  return { [TOKEN_HEADER]: sessionStorage.getItem(KEY) ?? '' };
}

/**
 * @template T
 * @param {() => Promise<Response>} call
 * @returns {Promise<Answer<T>>}
 */
async function answered(call) {
  try {
    const response = await call();
    const body = await response.json();
    if (response.ok) return { ok: true, value: body };
    return { ok: false, message: String(body?.error?.message ?? response.statusText) };
  } catch {
    return { ok: false, message: 'canary-orchestrator does not answer' };
  }
}
