/** Views of a rollout as the orchestrator gives them, at a fixed time. */
import { defaultService } from '../../../config/resolve.js';
import { courseOf } from '../../../orchestrator/control/course.js';
import type {
  RolloutView,
  ServiceView,
  StatusReply,
  TrackView,
} from '../../../orchestrator/control/messages.js';
import type { CheckResult } from '../../../orchestrator/judge/types.js';

export const NOW_MS = new Date(2026, 0, 15, 14, 20, 0).getTime();
const MINUTE_MS = 60_000;

export const CHECKS: readonly CheckResult[] = [
  { check: 'crashes', state: 'pass', reason: 'the canary did not exit or restart', numbers: {} },
  {
    check: 'errors',
    state: 'inconclusive',
    reason: '9 calls in 3 sessions on the canary; at least 100 in 5 are wanted',
    numbers: {
      canaryCalls: 803,
      canaryErrors: 9,
      stableCalls: 7_012,
      stableErrors: 71,
      difference: 0.001,
      low: -0.009,
      high: 0.012,
    },
  },
  {
    check: 'memory',
    state: 'pass',
    reason: 'the canary has 201 MB',
    numbers: { canaryRssBytes: 201.3e6, limitBytes: 380e6, bytesPerHour: 2.1e6, toLimitMs: 31e6 },
  },
];

const TRACK: TrackView = {
  pid: 4_242,
  status: 'online',
  restarts: 0,
  rssBytes: 183.2e6,
  weight: 0.9,
  sessions: 46,
  inFlight: 2,
  streams: 31,
  calls: 90_000,
  errors: 900,
  placedCalls: 0,
};

export function rolloutView(own: Partial<RolloutView> = {}): RolloutView {
  const startedAtMs = NOW_MS - 90 * MINUTE_MS;
  return {
    id: 'mcp-scraper-8',
    service: 'mcp-scraper',
    startedBy: 'a person',
    phase: 'observing',
    stage: null,
    held: null,
    step: 1,
    steps: 1,
    course: courseOf(defaultService()),
    startedAtMs,
    endedAtMs: null,
    phaseEndsAtMs: NOW_MS + 30 * MINUTE_MS,
    reason: 'the canary is ready',
    waitingFor: 'the end of step 1 of 1',
    request: null,
    assessment: {
      verdict: 'inconclusive',
      check: 'errors',
      reason: CHECKS[1]?.reason ?? '',
      checks: CHECKS,
    },
    smoke: null,
    tracks: {
      stable: TRACK,
      canary: { ...TRACK, pid: 5_150, rssBytes: 201.3e6, weight: 0.1, sessions: 5 },
      baseline: null,
    },
    transitions: [
      {
        seq: 1,
        atMs: startedAtMs + 4_000,
        from: 'starting',
        to: 'observing',
        stage: null,
        reason: 'the canary is ready',
        assessment: null,
      },
    ],
    warnings: [],
    release: null,
    ...own,
  };
}

export function serviceView(rollout: RolloutView | null, service = 'mcp-scraper'): ServiceView {
  return { service, app: service, listen: '127.0.0.1:8000', rollout };
}

export function statusReply(...services: readonly ServiceView[]): StatusReply {
  const up = { up: true, reason: null };
  return { services, pm2: up, proxy: up };
}
