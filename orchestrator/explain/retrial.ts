/**
 * A recorded rollout that can be judged again with something changed: a setting, or what the calls
 * of the canary came to. Each trial costs as much as the recording is long, so there is a budget.
 */
import { Replay, type ReplayPolicy, type ReplayVerdict } from '../judge/replay.js';
import { meaningOf } from '../judge/outcome.js';
import type { CallEvent, EvidenceEvent, RolloutEvent } from '../judge/types.js';

type SeenEvent = Exclude<EvidenceEvent, RolloutEvent>;

export interface Recording {
  readonly policy: ReplayPolicy;
  readonly rollout: RolloutEvent;
  /** In the order in which they were seen. */
  readonly events: readonly SeenEvent[];
}

/** What is changed in a trial. */
export interface Change {
  readonly policy?: ReplayPolicy;
  readonly rollout?: RolloutEvent;
  /** Calls that end otherwise. */
  readonly calls?: ReadonlyMap<CallEvent, CallEvent['outcome']>;
}

/** Events that all trials of a recording may take together; some seconds' worth. */
const BUDGET_EVENTS = 6_000_000;

export class Retrial {
  readonly recording: Recording;
  #budgetEvents: number;

  constructor(recording: Recording, budgetEvents = BUDGET_EVENTS) {
    this.recording = recording;
    this.#budgetEvents = budgetEvents;
  }

  /** The verdict with the change; null when the budget is used up. */
  judge(change: Change = {}): ReplayVerdict | null {
    const { policy, rollout, events } = this.recording;
    if (this.#budgetEvents < events.length) return null;
    this.#budgetEvents -= events.length;
    const replay = new Replay(change.policy ?? policy, change.rollout ?? rollout);
    for (const event of events) {
      const outcome = event.type === 'call' ? change.calls?.get(event) : undefined;
      replay.add(outcome === undefined ? event : { ...(event as CallEvent), outcome });
    }
    return replay.end();
  }

  /**
   * The least whole number from 1 to `most` with which the change makes it so, null if there is none
   * or the budget does not reach. What holds for a number is taken to hold for larger ones.
   */
  least(
    most: number,
    change: (count: number) => Change,
    isSo: (verdict: ReplayVerdict) => boolean,
  ): number | null {
    const holds = (count: number): boolean | null => {
      const verdict = this.judge(change(count));
      return verdict === null ? null : isSo(verdict);
    };
    if (most < 1 || holds(most) !== true) return null;
    let [low, high] = [1, most];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const held = holds(middle);
      if (held === null) return null;
      if (held) high = middle;
      else low = middle + 1;
    }
    return high;
  }
}

/** The canary's calls that are compared, by what they count as. */
export function canaryCalls({ events }: Recording, isBad: boolean): readonly CallEvent[] {
  return events.filter((event): event is CallEvent => {
    if (event.type !== 'call' || event.track !== 'canary' || event.placed === true) return false;
    const meaning = meaningOf(event.outcome);
    return meaning !== 'nothing' && (meaning !== 'ok') === isBad;
  });
}

/** So many of the calls, spread evenly over all of them, end otherwise. */
export function spread(
  calls: readonly CallEvent[],
  count: number,
  outcome: CallEvent['outcome'],
): ReadonlyMap<CallEvent, CallEvent['outcome']> {
  const changed = new Map<CallEvent, CallEvent['outcome']>();
  for (let i = 0; i < count; i += 1) {
    const call = calls[Math.floor(((i + 0.5) * calls.length) / count)];
    if (call !== undefined) changed.set(call, outcome);
  }
  return changed;
}
