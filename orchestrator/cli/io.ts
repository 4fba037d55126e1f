/** What a command may touch: its streams, the environment, the folder, and how it ends. Injected, so that tests run commands without a process. */
import type { Clock } from '../../common/clock.js';
import { callUnix } from '../../common/unix-http.js';
import { homeFrom } from '../../common/home.js';
import { printable } from './printable.js';
import type { ErrorReply } from '../control/messages.js';
import type { Screen } from './terminal/screen.js';

/** What the exit code of `canary` says. */
export const EXIT = {
  /** Done, or promoted. */
  ok: 0,
  failed: 1,
  /** Usage or configuration. */
  usage: 2,
  rolledBack: 3,
  /** Held for a person. */
  held: 4,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Colours are wanted on the error stream. */
  readonly color: boolean;
  /** Colours are wanted on the output. */
  readonly outColor?: boolean;
  /** Absent: the output is no terminal, or one whose cursor cannot be moved. */
  readonly screen?: Screen;
  /** Writes a line on the terminal in the place of the one before; null takes it away. Absent: there is no terminal. */
  readonly notice?: (text: string | null) => void;
  /** Asks the person a question of yes or no. Absent: there is no terminal. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /**
   * Has `stop` called when a person or the system ends the command, which then ends by itself; what is
   * given back takes that away. Absent: the command ends at once.
   */
  readonly onEnd?: (stop: () => void) => () => void;
}

/** Ends a command: its message goes to the error stream. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The orchestrator is not there, or not now. */
class UnreachableError extends CommandError {
  /** In a few words. */
  readonly reason: string;

  constructor(message: string, reason: string) {
    super(message, EXIT.failed);
    this.reason = reason;
  }
}

const TIMEOUT_MS = 30_000;
/** So long a follower waits for an orchestrator that is gone, and so often it looks. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 250;

/**
 * {@link ask} for one who follows: what is followed goes on after the orchestrator was killed or
 * restarted, so its absence is waited out for a while.
 * @throws CommandError when it stays away, or refuses.
 */
export async function askPatiently<T>(io: Io, path: string, clock: Clock): Promise<T> {
  const deadlineMs = clock.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask<T>(io, 'GET', path);
    } catch (error) {
      if (!(error instanceof UnreachableError) || clock.now() >= deadlineMs) throw error;
      await clock.sleep(RETRY_MS);
    }
  }
}

/** An answer, or nobody who gives one. */
export type Asked<T> =
  { readonly kind: 'ok'; readonly body: T } | { readonly kind: 'away'; readonly reason: string };

/**
 * Asks for something to see; that nobody answers is an outcome.
 * @throws CommandError when the orchestrator refuses.
 */
export async function tryAsk<T>(io: Io, path: string): Promise<Asked<T>> {
  try {
    return { kind: 'ok', body: await ask<T>(io, 'GET', path) };
  } catch (error) {
    if (error instanceof UnreachableError) return { kind: 'away', reason: error.reason };
    throw error;
  }
}

/**
 * Asks the orchestrator.
 * @throws CommandError when it does not answer, or refuses.
 */
export async function ask<T>(io: Io, method: string, path: string, body?: unknown): Promise<T> {
  const { controlSocket } = homeFrom(io.env);
  const reply = await callUnix(controlSocket, { method, path, body, timeoutMs: TIMEOUT_MS });
  if (reply.kind === 'unreachable') {
    throw new UnreachableError(
      `canary-orchestrator does not answer on ${controlSocket} (${reply.reason}).\n` +
        'Is it running? `pm2 start "$(canary ecosystem)"` starts it; $CANARY_HOME names another state folder.',
      reply.reason,
    );
  }
  const answer = printable(reply.body);
  if (reply.status < 300) return answer as T;
  const { code, message } = (answer as ErrorReply).error;
  throw new CommandError(message, code === 'usage' ? EXIT.usage : EXIT.failed);
}
