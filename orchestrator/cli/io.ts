/** What a command may touch: its streams, the environment, the folder, and how it ends. Injected, so that tests run commands without a process. */
import { callUnix } from '../../common/unix-http.js';
import { homeFrom } from '../../common/home.js';
import type { ErrorReply } from '../control/messages.js';

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
  /** Colours are wanted on the output. */
  readonly color: boolean;
}

/** Ends a command: its message goes to the error stream. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

const TIMEOUT_MS = 30_000;

/**
 * Asks the orchestrator.
 * @throws CommandError when it does not answer, or refuses.
 */
export async function ask<T>(io: Io, method: string, path: string, body?: unknown): Promise<T> {
  const { controlSocket } = homeFrom(io.env);
  const reply = await callUnix(controlSocket, { method, path, body, timeoutMs: TIMEOUT_MS });
  if (reply.kind === 'unreachable') {
    throw new CommandError(
      `canary-orchestrator does not answer on ${controlSocket} (${reply.reason}).\n` +
        'Is it running? `pm2 start ecosystem.config.js` starts it; $CANARY_HOME names another state folder.',
      EXIT.failed,
    );
  }
  if (reply.status < 300) return reply.body as T;
  const { code, message } = (reply.body as ErrorReply).error;
  throw new CommandError(message, code === 'usage' ? EXIT.usage : EXIT.failed);
}
