/** The part of a rollout in which the canary is judged, as its evidence begins and ends. */
import type { RolloutEvent } from '../judge/types.js';
import type { Rollout } from '../rollout/rollout.js';
import type { Transition } from '../store/store.js';

/** The event that the evidence of a rollout begins with. */
export function rolloutEvent({ service, startedAtMs, config }: Rollout): RolloutEvent {
  return {
    type: 'rollout',
    service,
    startedAtMs,
    windowMs: config.steps.reduce((sum, { windowMs }) => sum + windowMs, 0),
    weight: config.steps[0]?.weight ?? 0,
    rssLimitBytes: config.judge.memory.maxRssBytes,
    reference: config.baseline === null ? 'stable' : 'baseline',
  };
}

/** When the trial was over: main was about to be given the release, or the canary taken back. Null: it goes on. */
export function trialEndMs(transitions: readonly Transition[]): number | null {
  const end = transitions.find(
    ({ to, stage }) => to === 'rolling-back' || (to === 'promoting' && stage === 'restarting-main'),
  );
  return end?.atMs ?? null;
}
