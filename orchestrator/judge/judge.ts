/**
 * The judge: hands every event to every check and makes one verdict of what they find.
 *
 * 1. It is pure: no clock, no randomness, no I/O. The same events give the same answer.
 * 2. A check decides a failure when the event that proves it is added, so that it does not matter
 *    when or how often anyone asks.
 * 3. The chance of a false alarm (`policy.alpha`) is split over the checks that measure rates; the
 *    theory is in docs/judging.md.
 */
import type { CustomCheck as CheckConfig, JudgePolicy } from '../../config/types.js';
import type { Check, Finding } from './check.js';
import { CrashCheck } from './crashes.js';
import { CustomCheck } from './custom.js';
import { ErrorCheck } from './errors.js';
import { LatencyCheck } from './latency.js';
import { LogCheck } from './logs.js';
import { MemoryCheck } from './memory.js';
import type { Assessment, CheckResult, EvidenceEvent, Judge, RolloutEvent } from './types.js';

/** How the checks that measure rates and growth split the chance of a false alarm. */
const SHARES = { errors: 0.58, latency: 0.05, memory: 0.35, logs: 0.02 } as const;

/** A judge with no evidence yet. The first event should be the `rollout`. */
export function createJudge(policy: JudgePolicy, checks: readonly CheckConfig[] = []): Judge {
  return new CanaryJudge(policy, checks);
}

class CanaryJudge implements Judge {
  readonly #policy: JudgePolicy;
  readonly #checks: readonly Check[];
  /** Error lines come of all calls; only the split's sessions are compared by their calls. */
  readonly #ofAllCalls: readonly Check[];
  #rollout: RolloutEvent | null = null;

  constructor(policy: JudgePolicy, checks: readonly CheckConfig[]) {
    this.#policy = policy;
    const logs = new LogCheck(policy, policy.alpha * SHARES.logs);
    this.#ofAllCalls = [logs];
    this.#checks = [
      new CrashCheck(),
      new ErrorCheck(policy, policy.alpha * SHARES.errors),
      new LatencyCheck(policy, policy.alpha * SHARES.latency),
      new MemoryCheck(policy, policy.alpha * SHARES.memory),
      logs,
      ...checks.map((check) => new CustomCheck(check)),
    ];
  }

  add(event: EvidenceEvent): void {
    if (event.type === 'rollout') this.#rollout = event;
    const seen = asCompared(event, this.#rollout?.reference ?? 'stable');
    if (seen === null) return;
    for (const check of isPlaced(seen) ? this.#ofAllCalls : this.#checks) check.add(seen);
  }

  assess(nowMs: number): Assessment {
    const findings = this.#checks.map((check) => check.assess(nowMs));
    const checks = findings.map(toResult);
    const failed = earliestFailure(checks);
    if (failed !== null) {
      return { verdict: 'fail', check: failed.check, reason: failed.reason, checks };
    }
    const open = findings.find(({ state }) => state !== 'pass') ?? this.#unsettled(findings, nowMs);
    if (open !== null) {
      return { verdict: 'inconclusive', check: open.check, reason: open.reason, checks };
    }
    return { verdict: 'pass', check: null, reason: reasons(checks), checks };
  }

  /** With `early`, what could still come to light before the window's end. */
  #unsettled(findings: readonly Finding[], nowMs: number): Finding | null {
    const rollout = this.#rollout;
    const ended = rollout !== null && nowMs >= rollout.startedAtMs + rollout.windowMs;
    if (!this.#policy.early || ended) return null;
    return findings.find(({ settled }) => !settled) ?? null;
  }
}

function isPlaced(event: EvidenceEvent): boolean {
  return event.type === 'call' && event.placed === true;
}

/** The event with the reference in stable's place; null when it is on a track that is not compared. */
function asCompared(event: EvidenceEvent, reference: 'stable' | 'baseline'): EvidenceEvent | null {
  if (!('track' in event)) return event;
  if (event.track === 'canary') return event;
  if (event.track !== reference) return null;
  return event.track === 'stable' ? event : { ...event, track: 'stable' };
}

function toResult(finding: Finding): CheckResult {
  const { check, state, reason, numbers, failedAtMs } = finding;
  const result = { check, state, reason, numbers };
  return failedAtMs === undefined ? result : { ...result, failedAtMs };
}

function earliestFailure(checks: readonly CheckResult[]): CheckResult | null {
  const failures = checks.filter(({ state }) => state === 'fail');
  failures.sort((a, b) => (a.failedAtMs ?? 0) - (b.failedAtMs ?? 0));
  return failures[0] ?? null;
}

function reasons(checks: readonly CheckResult[]): string {
  return checks.map(({ check, reason }) => `${check}: ${reason}`).join('; ');
}
