/** Agents of every kind that come, call a few times with pauses, leave and come again, and the books they keep. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { connected, problemOf, type Caller, type Kind } from '../proxy/agents.js';

/** An agent that waits longer for an answer hangs: the proxy's own limits end a call long before. */
const HANG_MS = 45_000;
const MAX_CALL_MS = 40;
const SLOW_CALL_MS = 700;
const PAUSE_MS = 120;
const AFTER_FAILURE_MS = 200;

const TOOL_FAILED = Symbol('the tool failed');

/** One entry of the books. Times are Unix milliseconds of this process. */
export interface AgentCall {
  readonly kind: Kind;
  /** `connect` is the handshake. Only `append` may not be repeated. */
  readonly tool: 'connect' | 'lookup' | 'append';
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Null when it was answered, be it with the tool's own error. */
  readonly error: string | null;
  /** The tool said that it failed, as a bad release's does. */
  readonly toolFailed: boolean;
}

export interface AgentPlan {
  readonly kind: Kind;
  readonly url: string;
  /** Before it leaves and comes again. */
  readonly callsPerSession: number;
  /** Its calls take their time, so that no track is ever empty at once. */
  readonly slow: boolean;
}

export interface Crowd {
  readonly calls: readonly AgentCall[];
  /** Ends after each agent's present call. */
  stop(): Promise<void>;
}

/** Starts them all; they go on through every failure until they are stopped. */
export function startCrowd(plans: readonly AgentPlan[]): Crowd {
  const calls: AgentCall[] = [];
  const stopping = new AbortController();
  const work = plans.map((plan) => live(plan, calls, stopping.signal));
  return {
    calls,
    stop: async () => {
      stopping.abort();
      await Promise.all(work);
    },
  };
}

async function live(plan: AgentPlan, calls: AgentCall[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const caller = await noted(plan, 'connect', calls, () =>
      connected(plan.kind, plan.url, HANG_MS),
    );
    if (caller !== null) await callUntilItLeaves(caller, plan, calls, signal);
  }
}

async function callUntilItLeaves(
  caller: Caller,
  plan: AgentPlan,
  calls: AgentCall[],
  signal: AbortSignal,
): Promise<void> {
  for (let n = 0; n < plan.callsPerSession && !signal.aborted; n += 1) {
    const tool = n % 3 === 1 ? 'append' : 'lookup';
    await noted(plan, tool, calls, (key) => callOnce(caller, tool, key, plan.slow));
    await delay(PAUSE_MS);
  }
  await caller.close().catch(() => undefined);
}

async function noted<T>(
  { kind }: AgentPlan,
  tool: AgentCall['tool'],
  calls: AgentCall[],
  work: (key: string) => Promise<T>,
): Promise<T | null> {
  const key = randomUUID();
  const fromMs = Date.now();
  const note = (error: string | null, toolFailed = false): void =>
    void calls.push({ kind, tool, key, fromMs, toMs: Date.now(), error, toolFailed });
  try {
    const result = await work(key);
    note(null, result === TOOL_FAILED);
    return result;
  } catch (error) {
    note(error instanceof Error ? `${error.message}${causeOf(error)}` : String(error));
    await delay(AFTER_FAILURE_MS);
    return null;
  }
}

function causeOf({ cause }: Error): string {
  return cause instanceof Error ? `: ${cause.message}` : '';
}

/** @throws Error when the answer is none that the tool could have given. */
async function callOnce(
  caller: Caller,
  tool: 'lookup' | 'append',
  key: string,
  slow: boolean,
): Promise<unknown> {
  const ms = slow ? SLOW_CALL_MS : Math.floor(Math.random() * MAX_CALL_MS);
  const result = await caller.callTool(tool, { key, ms });
  if ((result as { isError?: boolean }).isError === true) return TOOL_FAILED;
  const problem = problemOf(result, key);
  if (problem !== null) throw new Error(problem);
  return null;
}
