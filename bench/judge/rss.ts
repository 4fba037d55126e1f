/** Simulated memory: what a process tree's RSS looks like, sampled every five seconds. */
import type { ProcessEvent } from '../../orchestrator/judge/types.js';
import type { Random } from './random.js';

const HOUR_MS = 3_600_000;
const STEP_MS = 5000;
const CALLS_PER_SESSION = 20;

/** Noise with a memory: the next deviation is so much of the last one. */
const NOISE = { bytes: 1.5e6, memory: 0.97 } as const;

export interface Memory {
  readonly windowMs: number;
  readonly sessionsPerHour: number;
  /** The canary's share of the sessions. */
  readonly weight: number;
  readonly baseBytes: number;
  /** What comes on top of base and noise. `random` is one number in [0, 1) for each process. */
  readonly extraBytes: (at: Moment) => number;
}

export interface Moment {
  readonly atMs: number;
  readonly canary: boolean;
  readonly sessions: number;
  readonly random: number;
}

/** Both tracks' samples in order of time; both processes start with the rollout. */
export function simulateRss(memory: Memory, random: Random): ProcessEvent[] {
  const samples = [...track(memory, random, false), ...track(memory, random, true)];
  return samples.sort((a, b) => a.atMs - b.atMs);
}

function* track(memory: Memory, random: Random, canary: boolean): Generator<ProcessEvent> {
  const share = canary ? memory.weight : 1 - memory.weight;
  const perStep = (memory.sessionsPerHour * share * STEP_MS) / HOUR_MS;
  const own = random.uniform();
  let noise = NOISE.bytes * random.normal();
  let sessions = 0;
  for (let atMs = 0; atMs <= memory.windowMs; atMs += STEP_MS) {
    sessions += random.poisson(perStep);
    noise *= NOISE.memory;
    noise += NOISE.bytes * Math.sqrt(1 - NOISE.memory ** 2) * random.normal();
    const extra = memory.extraBytes({ atMs, canary, sessions, random: own });
    yield {
      type: 'process',
      atMs,
      track: canary ? 'canary' : 'stable',
      rssBytes: Math.max(0, memory.baseBytes + noise + extra),
      restarts: 0,
      uptimeMs: atMs,
      sessionsOpened: sessions,
      calls: sessions * CALLS_PER_SESSION,
    };
  }
}
