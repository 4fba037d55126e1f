/** Numbers and times as people read them. Null is what is not known: a dash. */

const UNITS = /** @type {const} */ ([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]);

/**
 * `2 h 5 min`: the two largest units, whole seconds.
 * @param {number} ms
 */
export function duration(ms) {
  const parts = [];
  let left = Math.max(0, Math.round(ms / 1_000) * 1_000);
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

/** @param {number | null | undefined} ratio */
export function percent(ratio) {
  return ratio == null ? '–' : `${digits(ratio * 100)} %`;
}

/**
 * A difference of ratios in percentage points, with its sign.
 * @param {number | null | undefined} ratio
 */
export function points(ratio) {
  if (ratio == null) return '–';
  const text = digits(Math.abs(ratio) * 100);
  return `${ratio < 0 && text !== '0' ? '−' : '+'}${text}`;
}

/** @param {number | null | undefined} bytes */
export function megabytes(bytes) {
  return bytes == null ? '–' : `${digits(bytes / 1e6)} MB`;
}

/** @param {number | null | undefined} value */
export function count(value) {
  return value == null ? '–' : value.toLocaleString('en');
}

/**
 * Three digits that count.
 * @param {number} value
 */
export function digits(value) {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return String(Number(value.toFixed(size >= 10 ? 1 : 2)));
}

/** @param {number} ms */
export function clock(ms) {
  return new Date(ms).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

/** @param {number} ms */
export function dateTime(ms) {
  const day = new Date(ms).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return `${day}, ${clock(ms)}`;
}
