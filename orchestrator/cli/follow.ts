/**
 * Follows a rollout to its end, printing each move as it happens. The numbers are a line that is
 * rewritten on a terminal; elsewhere they are printed now and then.
 */
import { systemClock } from '../../common/clock.js';
import type { RolloutView } from '../control/messages.js';
import { clockTime, headline, megabytes, percent, transitionText } from './format.js';
import { askPatiently, EXIT, type ExitCode, type Io } from './io.js';

const POLL_MS = 500;
const NUMBERS_EVERY_MS = 15_000;

/** Ends with the rollout's exit code: promoted, rolled back, or held for a person. */
export async function follow(io: Io, id: string): Promise<ExitCode> {
  let printed = 0;
  let numbersAtMs = systemClock.now();
  for (;;) {
    const path = `/v1/rollouts/${encodeURIComponent(id)}`;
    const view = await askPatiently<RolloutView>(io, path, systemClock);
    for (const transition of view.transitions.slice(printed)) io.out(transitionText(transition));
    printed = view.transitions.length;
    const code = exitCodeOf(view);
    if (code !== null) {
      io.notice?.(null);
      for (const warning of view.warnings) io.out(`warning: ${warning}`);
      return code;
    }
    const nowMs = systemClock.now();
    const standing = `${headline(view, nowMs)}${numbers(view)}`;
    if (io.notice !== undefined) io.notice(standing);
    else if (nowMs - numbersAtMs >= NUMBERS_EVERY_MS) {
      numbersAtMs = nowMs;
      io.out(`${clockTime(nowMs)}  ${standing}`);
    }
    await systemClock.sleep(POLL_MS);
  }
}

/** What the shell is told of a rollout; null while it goes on, by itself or by an order just given. */
export function exitCodeOf({ phase, request }: RolloutView): ExitCode | null {
  switch (phase) {
    case 'promoted':
      return EXIT.ok;
    case 'rolled-back':
      return EXIT.rolledBack;
    case 'held':
      return request === null ? EXIT.held : null;
    default:
      return null;
  }
}

function numbers({ tracks }: RolloutView): string {
  if (tracks === null) return '';
  const part = (name: 'stable' | 'canary'): string => {
    const { weight, calls, errors, rssBytes } = tracks[name];
    return `${name} ${percent(weight)}: ${calls} calls, ${errors} errors, ${megabytes(rssBytes)}`;
  };
  return `; ${part('stable')}; ${part('canary')}`;
}
