/**
 * Measures a command: good with exit code 0. The line is the operator's own and goes to `sh -c` as
 * it stands: nothing is put into it. What it may want to know is in its environment.
 */
import { endOfCommand, type CommandOptions } from '../proc/command.js';
import { unmeasured, type Measurement } from './measurement.js';

/** What a shell says when there is no such command, or it cannot be run (POSIX, 2.8.2). */
const NOT_RUN: ReadonlySet<number> = new Set([126, 127]);

/** Runs the line to its end, or until the signal is aborted. Never rejects. */
export async function measureCommand(line: string, options: CommandOptions): Promise<Measurement> {
  const end = await endOfCommand(['/bin/sh', '-c', line], options);
  switch (end.kind) {
    case 'aborted':
      return unmeasured('no end in time');
    case 'not-started':
      return unmeasured(`it could not be started (${end.code})`);
    case 'killed':
      return unmeasured(`it was ended by ${end.by}`);
    case 'exited':
      if (NOT_RUN.has(end.code)) {
        return unmeasured(`the shell could not run it (exit code ${end.code})`);
      }
      return { ok: end.code === 0, value: end.code, error: null };
  }
}
