/** What a campaign prints (pure). */
import type { RunResult } from './run.js';

/** One run, one line; each of its violations one more. */
export function lineOf({ seed, release, story, fired, ...result }: RunResult): string {
  const faults = fired.map(({ name, place }) => `${name} @ ${place ?? 'nothing there'}`).join(', ');
  const { end, calls, excused, violations, ms } = result;
  const head = violations.length === 0 ? 'ok  ' : 'FAIL';
  const books = `${calls} calls, ${excused} excused`;
  const seconds = (ms / 1_000).toFixed(1);
  const line = `${head} seed ${seed}: ${release}, ${story}: ${faults}: ${end}, ${books}, ${seconds} s`;
  return [line, ...violations.map((each) => `     seed ${seed}: ${each}`)].join('\n');
}

/** How often each fault befell each phase, and what was violated. */
export function summaryOf(results: readonly RunResult[]): string {
  const fired = results.flatMap((each) => each.fired);
  const faults = [...new Set(fired.map(({ name }) => name))].sort();
  const phases = [...new Set(fired.map(({ place }) => phaseOf(place)))].sort();
  const count = (name: string, phase: string): number =>
    fired.filter((each) => each.name === name && phaseOf(each.place) === phase).length;
  const rows = faults.map((name) => [name, ...phases.map((phase) => String(count(name, phase)))]);
  const failed = results.filter(({ violations }) => violations.length > 0);
  const calls = results.reduce((sum, each) => sum + each.calls, 0);
  const excused = results.reduce((sum, each) => sum + each.excused, 0);
  return [
    '',
    ...[['fault', ...phases], ...rows].map((row) => `| ${row.join(' | ')} |`),
    '',
    `${results.length} runs, ${fired.length} faults, ${calls} calls, ${excused} failures excused, ${failed.length} runs with violations`,
    ...(failed.length === 0 ? [] : [`Seeds: ${failed.map(({ seed }) => seed).join(', ')}`]),
  ].join('\n');
}

function phaseOf(place: string | null): string {
  return place === null ? 'nothing there' : (place.split('/')[0] ?? place);
}
