/** Follows a run to its end, printing each move of a service, and the report. */
import { systemClock } from '../../common/clock.js';
import type { MemberView, RunView } from '../control/run-messages.js';
import { clockTime, duration } from './format.js';
import { askPatiently, EXIT, type ExitCode, type Io } from './io.js';
import { runText } from './run-format.js';

const POLL_MS = 500;

/**
 * Ends with the run, or when only a person can go on with it. The run needs no follower: whoever
 * leaves by Ctrl-C ends the following and nothing else.
 */
export async function followRun(io: Io, id: string): Promise<ExitCode> {
  io.out(`following ${id}; Ctrl-C ends the following, not the run ("canary cancel ${id}" does)`);
  const shown = new Map<string, string>();
  for (;;) {
    const path = `/v1/runs/${encodeURIComponent(id)}`;
    const run = await askPatiently<RunView>(io, path, systemClock);
    const nowMs = systemClock.now();
    for (const member of run.members) {
      const text = moveText(member);
      if (shown.get(member.service) !== text && member.state !== 'pending') {
        io.out(`${clockTime(nowMs)}  ${text}`);
      }
      shown.set(member.service, text);
    }
    const code = exitCodeOf(run);
    io.notice?.(code === null ? underWay(run, nowMs) : null);
    if (code !== null) {
      io.out(`\n${runText(run, nowMs)}`);
      return code;
    }
    await systemClock.sleep(POLL_MS);
  }
}

function underWay({ id, members, startedAtMs }: RunView, nowMs: number): string {
  const done = members.filter(({ state }) => OVER.has(state)).length;
  const busy = members.filter(({ state }) => !OVER.has(state) && state !== 'pending');
  const now = busy.map(({ service, state }) => `${service} ${state}`).join(', ');
  return `${id}: ${done} of ${members.length} done; ${now} (${duration(nowMs - startedAtMs)})`;
}

function moveText({ service, state, reason }: MemberView): string {
  return `${service}: ${state}${reason === null ? '' : ` (${reason})`}`;
}

/** What the shell is told of a run; null while it goes on by itself. The worst part decides. */
export function exitCodeOf(run: RunView): ExitCode | null {
  if (run.endedAtMs === null) return waitsForPerson(run) ? EXIT.held : null;
  if (has(run, 'rolled-back')) return EXIT.rolledBack;
  return has(run, 'refused', 'not-started') ? EXIT.failed : EXIT.ok;
}

/** Of an orchestrator that does not tell, it is guessed from where the services stand. */
function waitsForPerson(run: RunView): boolean {
  if (run.waitsForPerson !== undefined) return run.waitsForPerson;
  const goesOn = run.members.some(({ state }) => !OVER.has(state) && state !== 'pending');
  return has(run, 'held') && !goesOn;
}

function has({ members }: RunView, ...states: readonly MemberView['state'][]): boolean {
  return members.some(({ state }) => states.includes(state));
}

/** States that nothing but a person changes. */
const OVER: ReadonlySet<MemberView['state']> = new Set([
  'promoted',
  'rolled-back',
  'unchanged',
  'refused',
  'not-started',
  'held',
]);
