/** The rows of the table: what is simulated, what is expected of the judge, what the oracle knows. */
import type { EvidenceEvent } from '../../orchestrator/judge/types.js';
import { callsOracle, latencyOracle, toolOracle, type Oracle } from './oracle.js';
import type { Random } from './random.js';
import { simulateRss, type Memory, type Moment } from './rss.js';
import { simulateCalls, type Traffic } from './traffic.js';

export const WINDOW_MS = 7_200_000;
export const LIMIT_BYTES = 380e6;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const TOOLS = 10;
const CONCENTRATION = 5;

export interface Scenario {
  readonly name: string;
  /** What is or is not worse. The references look at errors alone. */
  readonly about: 'errors' | 'latency' | 'memory';
  /** At most (healthy) or at least (regression) this share of the canaries is taken back ... */
  readonly healthy: boolean;
  readonly share: number;
  /** ... in this time, in the median. */
  readonly medianMs?: number;
  readonly weight: number;
  readonly simulate: (random: Random) => EvidenceEvent[];
  readonly oracle?: () => Oracle;
}

const usual: Traffic = {
  windowMs: WINDOW_MS,
  sessionsPerHour: 300,
  callsPerSession: 20,
  sessionMs: 10 * MINUTE_MS,
  weight: () => 0.1,
  tool: (random) => Math.floor(random.uniform() * TOOLS),
  errorRate: () => 0.01,
  concentration: CONCENTRATION,
  failure: (propensity) => propensity,
  latencyMs: (random) => 50 * Math.exp(random.normal()),
};

function healthyCalls(
  name: string,
  changes: Partial<Traffic>,
  about: Scenario['about'] = 'errors',
): Scenario {
  const traffic = { ...usual, ...changes };
  return {
    name,
    about,
    healthy: true,
    share: 0.01,
    weight: traffic.weight(0),
    simulate: (random) => simulateCalls(traffic, random),
  };
}

function equal(rate: number, concentration: number | null): Scenario {
  const clustering =
    concentration === null ? 'no clustering' : `concentration ${String(concentration)}`;
  const name = `errors ${percent(rate)} on both, ${clustering}`;
  return healthyCalls(name, { errorRate: () => rate, concentration });
}

function worse(
  stable: number,
  canary: number,
  share: number,
  medianMinutes: number,
  sessionsPerHour = 300,
): Scenario {
  const traffic: Traffic = {
    ...usual,
    sessionsPerHour,
    errorRate: (isCanary) => (isCanary ? canary : stable),
  };
  const at = sessionsPerHour === 300 ? '' : `, ${sessionsPerHour} sessions/h`;
  return {
    name: `errors ${percent(stable)} → ${percent(canary)}${at}`,
    about: 'errors',
    healthy: false,
    share,
    medianMs: medianMinutes * MINUTE_MS,
    weight: 0.1,
    simulate: (random) => simulateCalls(traffic, random),
    oracle: () => callsOracle(stable, canary, CONCENTRATION),
  };
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(3))} %`;
}

const FLAKY = 0;
const OUTAGE = { from: 50 * MINUTE_MS, to: 60 * MINUTE_MS, share: 0.9 } as const;

/** The canary gets the flaky tool six times as often. */
function unequalMix(random: Random, canary: boolean): number {
  if (random.chance(canary ? 0.3 : 0.05)) return FLAKY;
  return 1 + Math.floor(random.uniform() * (TOOLS - 1));
}

function steps(atMs: number): number {
  if (atMs < 40 * MINUTE_MS) return 0.1;
  return atMs < 80 * MINUTE_MS ? 0.25 : 0.5;
}

const brokenTool: Scenario = {
  name: 'one tool of ten fails always, others 1 %',
  about: 'errors',
  healthy: false,
  share: 0.99,
  medianMs: 12 * MINUTE_MS,
  weight: 0.1,
  simulate: (random) =>
    simulateCalls(
      { ...usual, failure: (p, canary, tool) => (canary && tool === FLAKY ? 1 : p) },
      random,
    ),
  oracle: () => toolOracle(0.01, `tool-${FLAKY}`),
};

function slower(factor: number): Partial<Traffic> {
  return {
    latencyMs: (random, canary) => 50 * Math.exp(random.normal()) * (canary ? factor : 1),
  };
}

const doubledLatency: Scenario = {
  name: 'p95 doubled (lognormal, σ = 1)',
  about: 'latency',
  healthy: false,
  share: 0.98,
  medianMs: 30 * MINUTE_MS,
  weight: 0.1,
  simulate: (random) => simulateCalls({ ...usual, ...slower(2) }, random),
  oracle: () => latencyOracle(50, 2),
};

function memory(
  name: string,
  expected: { readonly healthy: boolean; readonly share: number },
  extraBytes: (at: Moment) => number,
  changes: Partial<Memory> = {},
): Scenario {
  const simulated: Memory = {
    windowMs: WINDOW_MS,
    sessionsPerHour: 300,
    weight: 0.1,
    baseBytes: 200e6,
    extraBytes,
    ...changes,
  };
  return {
    name: `RSS: ${name}`,
    about: 'memory',
    ...expected,
    weight: simulated.weight,
    simulate: (random) => simulateRss(simulated, random),
  };
}

const harmless = { healthy: true, share: 0.01 } as const;

const memoryRows: readonly Scenario[] = [
  memory('AR(1) noise of 1.5 MB', harmless, () => 0),
  memory(
    '90 kB for each of the first 300 sessions, 3000 sessions/h, stable warm',
    harmless,
    ({ canary, sessions }) => (canary ? 90e3 * Math.min(300, sessions) : 0),
    { sessionsPerHour: 3000 },
  ),
  memory(
    '90 kB for each of the first 300 sessions, 300 sessions/h, both fresh',
    harmless,
    ({ sessions }) => 90e3 * Math.min(300, sessions),
  ),
  memory('exponential warm-up of 45 MB (15 min), stable warm', harmless, ({ canary, atMs }) =>
    canary ? 45e6 * (1 - Math.exp(-atMs / (15 * MINUTE_MS))) : 0,
  ),
  memory('single step of 15 MB', harmless, ({ canary, atMs, random }) =>
    canary && atMs > random * WINDOW_MS ? 15e6 : 0,
  ),
  memory(
    'GC sawtooth of 40 MB (10 min)',
    harmless,
    ({ atMs, random }) => 40e6 * ((atMs / (10 * MINUTE_MS) + random) % 1),
  ),
  memory(
    'stable already leaking as much a session',
    harmless,
    ({ canary, atMs }) => ((canary ? 3e6 : 27e6) * atMs) / HOUR_MS,
  ),
  memory(
    'leak of 3 MB/h on the canary (30 MB/h at full traffic)',
    { healthy: false, share: 0.95 },
    ({ canary, atMs }) => (canary ? (3e6 * atMs) / HOUR_MS : 0),
  ),
  memory(
    'leak of 330 kB a session at 3000 sessions/h',
    { healthy: false, share: 0.99 },
    ({ canary, sessions }) => (canary ? 330e3 * sessions : 0),
    { sessionsPerHour: 3000 },
  ),
];

export const SCENARIOS: readonly Scenario[] = [
  ...[0.001, 0.01, 0.05].flatMap((rate) =>
    [null, 5, 1].map((concentration) => equal(rate, concentration)),
  ),
  healthyCalls('errors 1 % on both, 30 sessions/h', { sessionsPerHour: 30 }),
  healthyCalls('one flaky tool (20 %), six times as often on the canary', {
    tool: unequalMix,
    failure: (propensity, _canary, tool) => (tool === FLAKY ? 0.2 : propensity),
  }),
  healthyCalls('outage of an upstream for 10 min (90 % fail), both tracks', {
    failure: (propensity, _canary, _tool, atMs) =>
      atMs > OUTAGE.from && atMs < OUTAGE.to ? OUTAGE.share : propensity,
  }),
  healthyCalls('errors 1 % on both, weight 10, 25, 50 % in steps', { weight: steps }),
  healthyCalls('latency equal (lognormal, σ = 1)', {}, 'latency'),
  worse(0.01, 0.05, 0.8, 50),
  worse(0.01, 0.1, 0.98, 20),
  worse(0.01, 0.3, 0.995, 8),
  worse(0.01, 0.3, 0.85, 50, 30),
  worse(0.001, 0.02, 0.75, 45),
  brokenTool,
  doubledLatency,
  ...memoryRows,
];
