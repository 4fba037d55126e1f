/** What is shown of a rollout: never its specs, which hold environments (pure). */
import { formatAddress } from '../../config/units.js';
import type { ServiceConfig } from '../../config/types.js';
import type { Track } from '../../common/protocol.js';
import type { RolloutLoop } from '../rollout/loop.js';
import type { Look } from '../rollout/look.js';
import type { Phase } from '../rollout/phase.js';
import type { Rollout } from '../rollout/rollout.js';
import type { PreparationRecord } from '../release/record.js';
import type { Transition } from '../store/store.js';
import { courseOf } from './course.js';
import type { ReleaseView, RolloutView, ServiceView, TrackView } from './messages.js';

/** What the store, and with it the running preparation, has of a rollout. */
export interface Kept {
  readonly transitions: readonly Transition[];
  readonly release: ReleaseView | null;
}

/** A rollout that is under way, as its loop knows it. */
export function liveView(loop: RolloutLoop, kept: Kept): RolloutView {
  return {
    ...endedView(loop.rollout, kept),
    waitingFor: loop.waitingFor,
    assessment: loop.assessment ?? lastAssessment(kept.transitions),
    tracks: loop.look === null ? null : tracksOf(loop.look),
  };
}

/** A rollout as the store knows it. */
export function endedView(rollout: Rollout, { transitions, release }: Kept): RolloutView {
  const { phase } = rollout;
  return {
    id: rollout.id,
    service: rollout.service,
    startedBy: rollout.startedBy,
    phase: phase.kind,
    stage: 'stage' in phase ? phase.stage : null,
    held: phase.kind === 'held' ? phase.why : null,
    step: 'step' in phase ? phase.step + 1 : null,
    steps: rollout.config.steps.length,
    course: courseOf(rollout.config),
    startedAtMs: rollout.startedAtMs,
    endedAtMs: rollout.endedAtMs,
    phaseEndsAtMs: phaseEndMs(phase),
    reason: reasonOf(rollout, transitions),
    waitingFor: null,
    request: rollout.request?.kind ?? null,
    assessment: lastAssessment(transitions),
    smoke: rollout.smoke,
    tracks: null,
    transitions,
    warnings: rollout.warnings,
    release,
  };
}

/** A preparation without what its commands printed: lists of rollouts would be long. */
export function withoutOutput(record: PreparationRecord): PreparationRecord {
  const commands = record.commands.map((command) => ({ ...command, output: '' }));
  return { ...record, commands };
}

export function serviceView(config: ServiceConfig, rollout: RolloutView | null): ServiceView {
  return { service: config.name, app: config.app, listen: formatAddress(config.listen), rollout };
}

/** A rollback is explained by what caused it, everything else by the last move. */
function reasonOf({ phase, startedBy }: Rollout, transitions: readonly Transition[]): string {
  return 'cause' in phase ? phase.cause : (transitions.at(-1)?.reason ?? `${startedBy} started it`);
}

/** When a phase ends by itself, or a person's time is over. Unix milliseconds; null: it does not. */
export function phaseEndMs(phase: Phase): number | null {
  if (phase.kind === 'held') return phase.deadlineMs;
  return 'endsAtMs' in phase ? phase.endsAtMs : null;
}

function lastAssessment(transitions: readonly Transition[]): RolloutView['assessment'] {
  return transitions.findLast(({ assessment }) => assessment !== null)?.assessment ?? null;
}

function tracksOf(look: Look): NonNullable<RolloutView['tracks']> {
  const hasBaseline = look.daemon.kind === 'up' && look.daemon.baseline !== null;
  return {
    stable: trackView(look, 'stable'),
    canary: trackView(look, 'canary'),
    baseline: hasBaseline ? trackView(look, 'baseline') : null,
  };
}

function trackView({ daemon, proxy }: Look, track: Track): TrackView {
  const seen = daemon.kind === 'up' ? daemon[track === 'stable' ? 'main' : track] : null;
  const process = seen ?? { pid: null, status: null, restarts: null, rssBytes: null };
  const carried = proxy.kind === 'up' ? proxy.service.tracks[track] : NOTHING;
  const weight = proxy.kind === 'up' ? proxy.service.route.tracks[track]?.weight : undefined;
  const { pid, status, restarts, rssBytes } = process;
  const { sessions, inFlight, streams, calls, errors, placedCalls } = carried;
  const traffic = { weight: weight ?? 0, sessions, inFlight, streams, calls, errors, placedCalls };
  return { pid, status, restarts, rssBytes, ...traffic };
}

/** What a track carries as long as the proxy does not say. */
const NOTHING = { sessions: 0, inFlight: 0, streams: 0, calls: 0, errors: 0, placedCalls: 0 };
