/** Simulated agents: sessions that arrive over the window, their calls, and how those end. */
import type { CallEvent } from '../../orchestrator/judge/types.js';
import type { Random } from './random.js';

export interface Traffic {
  readonly windowMs: number;
  readonly sessionsPerHour: number;
  /** Calls of a session: geometric with this mean, spread evenly over `sessionMs`. */
  readonly callsPerSession: number;
  readonly sessionMs: number;
  /** The canary's share of new sessions at a time. */
  readonly weight: (atMs: number) => number;
  /** The tool of a call, 0 to tools - 1. */
  readonly tool: (random: Random, canary: boolean) => number;
  /** The error rate of a session with propensity 1, and how propensities vary; null: not at all. */
  readonly errorRate: (canary: boolean) => number;
  readonly concentration: number | null;
  /** The chance that a call fails, from the session's propensity. */
  readonly failure: (propensity: number, canary: boolean, tool: number, atMs: number) => number;
  readonly latencyMs: (random: Random, canary: boolean, tool: number) => number;
}

const HOUR_MS = 3_600_000;

/** All calls within the window, in order of time. */
export function simulateCalls(traffic: Traffic, random: Random): CallEvent[] {
  const calls: CallEvent[] = [];
  const sessions = Math.round((traffic.sessionsPerHour * traffic.windowMs) / HOUR_MS);
  for (let i = 0; i < sessions; i += 1) session(traffic, random, i, calls);
  return calls.sort((a, b) => a.atMs - b.atMs);
}

function session(traffic: Traffic, random: Random, index: number, calls: CallEvent[]): void {
  const openedAtMs = random.uniform() * traffic.windowMs;
  const canary = random.chance(traffic.weight(openedAtMs));
  const mean = traffic.errorRate(canary);
  const propensity =
    traffic.concentration === null ? mean : random.beta(mean, traffic.concentration);
  const count = random.geometric(traffic.callsPerSession);
  for (let i = 0; i < count; i += 1) {
    const atMs = openedAtMs + random.uniform() * traffic.sessionMs;
    const tool = traffic.tool(random, canary);
    const failed = random.chance(traffic.failure(propensity, canary, tool, atMs));
    const latencyMs = traffic.latencyMs(random, canary, tool);
    if (atMs >= traffic.windowMs) continue;
    calls.push({
      type: 'call',
      atMs,
      track: canary ? 'canary' : 'stable',
      session: `s${index}`,
      tool: `tool-${tool}`,
      outcome: failed ? 'tool_error' : 'ok',
      latencyMs,
    });
  }
}
