/**
 * Runs a suite against one instance: a handshake, the list of its tools, then call after call.
 *
 * 1. A tool that does not say that it only reads runs only if the suite says that it may write.
 * 2. Everything ends with the signal: what was not reached by then is skipped.
 */
import type { Client } from '@modelcontextprotocol/client';
import type { Clock } from '../../common/clock.js';
import type { HostPort, McpEndpoint } from '../../config/types.js';
import { troubleOf, withServer } from '../mcp/connection.js';
import { listTools } from '../mcp/lists.js';
import { ask } from './answer.js';
import { excerpt } from './excerpt.js';
import { mismatches } from './expect.js';
import type { CaseReport, SuiteReport } from './report.js';
import type { Suite, SuiteCall } from './suite.js';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Between a wrong answer and the next try. */
const RETRY_PAUSE_MS = 1_000;

export interface RunOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Excerpts of wrong answers may be in the report: for a person's eyes, never to be kept. */
  readonly quotes: boolean;
  /** Told before each case. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Runs the suite once. Never rejects for what the server does. */
export async function runSuite(
  at: HostPort,
  endpoint: McpEndpoint,
  suite: Suite,
  options: RunOptions,
): Promise<SuiteReport> {
  const run = new SuiteRun(suite, options);
  const { signal } = options;
  const connect = { timeoutMs: HANDSHAKE_TIMEOUT_MS, signal };
  try {
    await withServer(at, endpoint, connect, (client) => run.calls(client));
  } catch (error) {
    run.fail(troubleOf(error));
  }
  return run.report();
}

class SuiteRun {
  readonly #suite: Suite;
  readonly #options: RunOptions;
  readonly #startedAtMs: number;
  readonly #cases: CaseReport[] = [];
  /** Why nothing more is tried. */
  #stopped: string | null = null;
  #opening = 'handshake';
  #openedAtMs: number;
  /** Calls of the suite that have a report. */
  #made = 0;

  constructor(suite: Suite, options: RunOptions) {
    this.#suite = suite;
    this.#options = options;
    this.#startedAtMs = options.clock.now();
    this.#openedAtMs = this.#startedAtMs;
  }

  async calls(client: Client): Promise<void> {
    this.#passOpening('tools/list');
    const { signal, onProgress } = this.#options;
    const tools = await listTools(client, { timeout: HANDSHAKE_TIMEOUT_MS, signal });
    const readOnly = new Map(
      tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint]),
    );
    this.#passOpening('');
    for (const [index, call] of this.#suite.calls.entries()) {
      onProgress?.(index, this.#suite.calls.length);
      if (signal.aborted) this.#stopped ??= 'the time is up';
      if (this.#stopped !== null) return;
      const refusal = refusalOf(call, readOnly);
      const report =
        refusal === null ? await this.#try(client, call) : failedCase(call.name, refusal);
      this.#cases.push(report);
      this.#made += 1;
      if (call.isSetup && report.outcome === 'failed') {
        this.#stopped = `the setup call "${call.name}" failed`;
      }
    }
  }

  /** The server could not be spoken to. */
  fail(reason: string): void {
    this.#stopped = excerpt(reason);
    if (this.#opening !== '') this.#cases.push(failedCase(this.#opening, this.#stopped));
  }

  report(): SuiteReport {
    const skipped = this.#suite.calls.slice(this.#made).map(({ name }) => ({
      ...failedCase(name, this.#stopped ?? ''),
      outcome: 'skipped' as const,
    }));
    const tookMs = this.#options.clock.now() - this.#startedAtMs;
    return { cases: [...this.#cases, ...skipped], tookMs };
  }

  #passOpening(next: string): void {
    const nowMs = this.#options.clock.now();
    const tookMs = nowMs - this.#openedAtMs;
    const name = this.#opening;
    this.#cases.push({ name, outcome: 'passed', problems: [], attempts: 1, tookMs });
    this.#opening = next;
    this.#openedAtMs = nowMs;
  }

  /** Tries until the answer is right or no retry is left. */
  async #try(client: Client, call: SuiteCall): Promise<CaseReport> {
    const { clock, signal, quotes } = this.#options;
    const now = (): number => clock.now();
    const { name, timeoutMs } = call;
    for (let attempts = 1; ; attempts += 1) {
      const answer = await ask(client, call.request, { timeoutMs, signal, now });
      const wrong = mismatches(answer, call.expect, quotes);
      const { tookMs } = answer;
      if (wrong.length === 0) {
        return { name, outcome: 'passed', problems: [], attempts, tookMs };
      }
      if (attempts > call.retries || signal.aborted) {
        const problems = wrong.map(({ wanted, got }) => `wanted ${wanted}, got ${got}`);
        return { name, outcome: 'failed', problems, attempts, tookMs };
      }
      await clock.sleep(RETRY_PAUSE_MS, signal);
    }
  }
}

function failedCase(name: string, problem: string): CaseReport {
  return { name, outcome: 'failed', problems: [problem], attempts: 0, tookMs: 0 };
}

/** Why a call must not be made, or null. */
function refusalOf(
  { request, writes, expect }: SuiteCall,
  readOnly: ReadonlyMap<string, boolean | undefined>,
): string | null {
  if (request.kind !== 'tool') return null;
  if (!readOnly.has(request.name)) {
    return expect.errorCode === null && !expect.isError
      ? `wanted the tool ${request.name}, got a list of tools without it`
      : null;
  }
  if (writes || readOnly.get(request.name) === true) return null;
  return `the tool ${request.name} is not annotated read-only: it runs only with \`writes: true\` at the call`;
}
