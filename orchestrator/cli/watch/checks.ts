/** Checks with their sentences, as lines (pure). */
import type { CheckResult, CheckState } from '../../judge/types.js';
import { hanging, span, type Line, type Tone } from '../terminal/line.js';

export const STATE_TONES: Readonly<Record<CheckState, Tone>> = {
  pass: 'good',
  fail: 'bad',
  inconclusive: 'care',
  error: 'care',
};

/** As wide as the longest state. */
const STATE_COLUMNS = 'inconclusive '.length;

export function checkLines(
  checks: readonly Pick<CheckResult, 'check' | 'state' | 'reason'>[],
  columns: number,
): Line[] {
  return checks.flatMap(({ check, state, reason }) => {
    const head = span(state.padEnd(STATE_COLUMNS), STATE_TONES[state]);
    return hanging([span('  '), head, span(`${check}: `, 'strong')], reason, columns);
  });
}
