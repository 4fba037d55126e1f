/** The fixture servers, and what they say about themselves. */
import { fileURLToPath } from 'node:url';
import { waitFor } from './wait.js';

/** Where the fixtures' sources are. */
export const FIXTURES = fileURLToPath(new URL('../fixtures/apps/', import.meta.url));
export const NODE_SERVER = `${FIXTURES}server.mjs`;
export const PYTHON_SERVER = `${FIXTURES}server.py`;

/** A fixture server's answer. */
export interface AppAnswer {
  readonly pid: number;
  readonly release?: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Waits until the server on the port answers, and until its answer is as wanted. */
export function askApp(
  port: number,
  wanted: (answer: AppAnswer) => boolean = () => true,
): Promise<AppAnswer> {
  return waitFor(
    async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/`, {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(2000),
      });
      const body = (await answer.json()) as AppAnswer;
      return wanted(body) ? body : null;
    },
    { what: `the app on port ${port} to answer` },
  );
}
