/** A command on a pseudo-terminal. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { waitFor } from './wait.js';

const SCRIPT = fileURLToPath(new URL('on-pty.py', import.meta.url));
const CTRL_C = '03';

export class Pty {
  /** All that came. */
  text = '';
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(
    command: readonly string[],
    env: NodeJS.ProcessEnv,
    [rows, columns]: readonly [number, number],
  ) {
    const args = [SCRIPT, String(rows), String(columns), ...command];
    this.#child = spawn('python3', args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.text += text));
    this.exited = new Promise((resolve) => this.#child.once('close', resolve));
  }

  size(rows: number, columns: number): void {
    this.#child.stdin?.write(`size ${rows} ${columns}\n`);
  }

  ctrlC(): void {
    this.#child.stdin?.write(`keys ${CTRL_C}\n`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.stdin?.write(`signal ${name}\n`);
  }

  /** Waits for a text in what comes from here on. */
  async sees(text: string): Promise<void> {
    const from = this.text.length;
    await waitFor(() => this.text.slice(from).includes(text), { what: text, timeoutMs: 20_000 });
  }

  /** Waits for a text in all that came. */
  async has(text: string): Promise<void> {
    await waitFor(() => this.text.includes(text), { what: text, timeoutMs: 20_000 });
  }

  kill(): void {
    this.#child.kill('SIGTERM');
  }
}
