/** This page's copy of a rollout over time, kept up to date by patches. */

/** @typedef {import('../messages.js').SeriesPatch} SeriesPatch */
/** @typedef {import('../messages.js').SeriesField} SeriesField */
/** @typedef {Record<SeriesField, (number | null)[]>} Columns */

/**
 * @typedef {object} Series
 * @property {number} startedAtMs
 * @property {number} windowEndsAtMs
 * @property {number} bucketMs
 * @property {readonly number[]} times the buckets' ends, Unix seconds, as uPlot wants them
 * @property {Columns} columns
 */

/**
 * The series with what is new. Null when the patch does not follow on what is there.
 * @param {Series | null} known
 * @param {SeriesPatch} patch
 * @returns {Series | null}
 */
export function patched(known, patch) {
  const { startedAtMs, windowEndsAtMs, bucketMs, from } = patch;
  if (from > 0 && (known === null || known.times.length < from)) return null;
  const columns = /** @type {Columns} */ ({});
  for (const [name, added] of Object.entries(patch.columns)) {
    const field = /** @type {SeriesField} */ (name);
    columns[field] = [...(known?.columns[field].slice(0, from) ?? []), ...added];
  }
  const times = columns.weightSet.map((_, i) => (startedAtMs + (i + 1) * bucketMs) / 1_000);
  return { startedAtMs, windowEndsAtMs, bucketMs, times, columns };
}

/**
 * Calls in a minute, from counts in a bucket.
 * @param {readonly (number | null)[]} counts
 * @param {number} bucketMs
 */
export function perMinute(counts, bucketMs) {
  return counts.map((count) => (count === null ? null : (count * 60_000) / bucketMs));
}
