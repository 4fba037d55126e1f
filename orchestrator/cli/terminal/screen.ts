/**
 * The terminal as one screen that is drawn again and again, on the alternate buffer (xterm's
 * private modes 1049 and 25), so that closing it leaves everything as it was.
 *
 * 1. Whatever ends the process by a signal that can be caught closes it first.
 * 2. A stop (Ctrl-Z) gives the terminal back; going on draws anew.
 */
import type { WriteStream } from 'node:tty';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_TO_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** What ends a command. */
export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What a terminal that tells nothing of its size has. */
const USUAL = { columns: 80, rows: 24 };

/** What is drawn on. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Colours are wanted. */
  readonly color: boolean;
  /** Takes the terminal; `redraw` is called when its size changed or its content was lost. */
  open(redraw: () => void): void;
  /** Shows these lines and nothing else; no more than there are rows. */
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was. */
  close(): void;
  /** Aborted when a person or the system ends the command. */
  readonly ended: AbortSignal;
}

export class TerminalScreen implements Screen {
  readonly color: boolean;
  readonly #stream: WriteStream;
  readonly #end = new AbortController();
  #shown = '';
  /** The terminal is lent to somebody else. */
  #stopped = false;
  #redraw: () => void = () => undefined;

  constructor(stream: WriteStream, color: boolean) {
    this.#stream = stream;
    this.color = color;
  }

  get columns(): number {
    return this.#stream.columns || USUAL.columns;
  }

  get rows(): number {
    return this.#stream.rows || USUAL.rows;
  }

  get ended(): AbortSignal {
    return this.#end.signal;
  }

  open(redraw: () => void): void {
    this.#redraw = redraw;
    this.#stream.on('resize', this.#lost);
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#ending);
    process.on('SIGTSTP', this.#stopping);
    process.on('SIGCONT', this.#continued);
    this.#stream.write(ENTER);
  }

  draw(lines: readonly string[]): void {
    const text = lines
      .slice(0, this.rows)
      .map((line) => line + CLEAR_TO_LINE_END)
      .join('\r\n');
    if (this.#stopped || text === this.#shown) return;
    this.#shown = text;
    this.#stream.write(HOME + text + CLEAR_BELOW);
  }

  close(): void {
    this.#stream.off('resize', this.#lost);
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#ending);
    process.off('SIGTSTP', this.#stopping);
    process.off('SIGCONT', this.#continued);
    this.#stream.write(LEAVE);
  }

  readonly #ending = (): void => this.#end.abort();

  readonly #lost = (): void => {
    this.#shown = '';
    this.#redraw();
  };

  readonly #stopping = (): void => {
    this.#stopped = true;
    this.#stream.write(LEAVE);
    process.kill(process.pid, 'SIGSTOP');
  };

  readonly #continued = (): void => {
    this.#stopped = false;
    this.#stream.write(ENTER);
    this.#lost();
  };
}
