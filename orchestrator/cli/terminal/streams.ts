/** The process's own streams as a command gets them: colours, a screen, and a line that is rewritten. */
import { createInterface } from 'node:readline/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Io } from '../io.js';
import { harmless } from './harmless.js';
import { ENDING_SIGNALS, TerminalScreen } from './screen.js';
import { clip } from './width.js';

const REWRITE = '\r\u001b[K';

/** The parts of a process that are looked at. */
export interface HostProcess {
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
  readonly stdin: ReadStream;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: () => string;
  readonly on: (signal: NodeJS.Signals, listener: () => void) => unknown;
  readonly off: (signal: NodeJS.Signals, listener: () => void) => unknown;
}

/** NO_COLOR (no-color.org) and TERM=dumb are respected. */
export function ioOf(host: HostProcess): Io {
  const { stdout, stderr, stdin, env, cwd } = host;
  const dumb = env['TERM'] === 'dumb';
  const wantsColor = !env['NO_COLOR'] && !dumb;
  const outIsTerminal = stdout.isTTY;
  const errIsTerminal = stderr.isTTY && !dumb;
  let noticed = false;
  const clear = (): void => {
    if (noticed) stderr.write(REWRITE);
    noticed = false;
  };
  const notice = (text: string | null): void => {
    if (text === null) return clear();
    noticed = true;
    stderr.write(REWRITE + clip(harmless(text), (stderr.columns || 80) - 1));
  };
  const outColor = outIsTerminal && wantsColor;
  return {
    out: (text) => {
      clear();
      stdout.write(`${text}\n`);
    },
    err: (text) => {
      clear();
      stderr.write(`${text}\n`);
    },
    env,
    cwd: cwd(),
    color: stderr.isTTY && wantsColor,
    outColor,
    ...(outIsTerminal && !dumb ? { screen: new TerminalScreen(stdout, outColor) } : {}),
    ...(errIsTerminal ? { notice } : {}),
    ...(stdin.isTTY && stderr.isTTY
      ? { confirm: (question: string) => confirm(question, stdin, stderr) }
      : {}),
    onEnd: (stop) => {
      for (const signal of ENDING_SIGNALS) host.on(signal, stop);
      return () => ENDING_SIGNALS.forEach((signal) => host.off(signal, stop));
    },
  };
}

/** Only `y` and `yes` are consent: an end of the input is none. */
async function confirm(question: string, input: ReadStream, output: WriteStream): Promise<boolean> {
  const terminal = createInterface({ input, output });
  const ended = new AbortController();
  terminal.once('close', () => ended.abort());
  try {
    const answer = await terminal.question(`${harmless(question)} [y/N] `, ended);
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}
