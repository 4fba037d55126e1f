/** What is told of a rollout: which of its moves are events, and in which words. Pure. */
import type { NotifyConfig, NotifyEvent } from '../../config/notify.js';
import { formatRatio } from '../../config/units.js';
import type { Phase, PhaseKind, PhaseOf } from '../rollout/phase.js';
import type { Rollout } from '../rollout/rollout.js';

/** One event as receivers get it, as JSON. It holds no secret of the rollout. */
export interface Notification {
  /** The same in every attempt: who gets it twice can tell by it. */
  readonly id: string;
  readonly event: NotifyEvent | 'test';
  /** When it happened, ISO 8601. */
  readonly at: string;
  /** The machine's name. */
  readonly host: string;
  readonly service: string;
  readonly rollout: string;
  readonly phase: string;
  /** Why it is held; null when it is not. */
  readonly held: string | null;
  /** The step under way, counted from 1; null in phases without one. */
  readonly step: number | null;
  readonly steps: number;
  readonly reason: string;
  /** All of it as one sentence. */
  readonly text: string;
}

/** A rollout that has just come into its phase. */
export interface RolloutMove {
  readonly rollout: Rollout;
  /** Null: it has just begun. */
  readonly from: Phase | null;
  readonly reason: string;
  readonly atMs: number;
}

/** What a notification has beside its move. */
export interface Sender {
  readonly id: string;
  readonly host: string;
}

/** Longer reasons are cut: receivers have limits too. */
const MAX_REASON_CHARS = 2_000;

type EventOf<K extends PhaseKind> = (to: PhaseOf<K>, from: Phase) => NotifyEvent | null;

const never = (): null => null;

/** Each phase says which of the moves to it is an event. */
const EVENTS: { readonly [K in PhaseKind]: EventOf<K> } = {
  preparing: never,
  starting: never,
  smoking: never,
  observing: (to, from) => {
    if (!('step' in from) || from.step !== to.step) return 'step';
    return from.kind === 'held' ? 'resumed' : null;
  },
  held: (to, from) => {
    if (from.kind === 'held' && from.why === to.why && from.deed === to.deed) return null;
    return to.why === 'paused' ? 'paused' : 'held';
  },
  promoting: never,
  baking: never,
  retiring: never,
  'rolling-back': never,
  promoted: () => 'promoted',
  'rolled-back': () => 'rolled-back',
};

/** The event that a move is, or null. */
export function eventOf<K extends PhaseKind>(
  to: PhaseOf<K> & { readonly kind: K },
  from: Phase | null,
): NotifyEvent | null {
  return from === null ? 'started' : EVENTS[to.kind](to, from);
}

/** What receivers are told of a move; null when it is no event. */
export function notificationFor(move: RolloutMove, sender: Sender): Notification | null {
  const { rollout, from, atMs } = move;
  const { phase, config } = rollout;
  const event = eventOf(phase, from);
  if (event === null) return null;
  const why = 'cause' in phase ? phase.cause : move.reason;
  const reason = why.slice(0, MAX_REASON_CHARS);
  return {
    ...sender,
    event,
    at: new Date(atMs).toISOString(),
    service: rollout.service,
    rollout: rollout.id,
    phase: phase.kind,
    held: phase.kind === 'held' ? phase.why : null,
    step: 'step' in phase ? phase.step + 1 : null,
    steps: config.steps.length,
    reason,
    text: `${rollout.id} on ${sender.host} ${words(event, rollout)}: ${reason}`,
  };
}

/** A notification that says that notifications arrive. */
export function sampleNotification(sender: Sender, atMs: number): Notification {
  const reason = 'somebody ran `canary notify test`';
  return {
    ...sender,
    event: 'test',
    at: new Date(atMs).toISOString(),
    service: 'sample',
    rollout: 'sample-1',
    phase: 'observing',
    held: null,
    step: 1,
    steps: 1,
    reason,
    text: `a test from ${sender.host}: ${reason}`,
  };
}

function words(event: NotifyEvent, { phase, config }: Rollout): string {
  switch (event) {
    case 'started':
      return 'has started';
    case 'step': {
      const step = 'step' in phase ? phase.step : 0;
      const share = formatRatio(config.steps[step]?.weight ?? 0);
      return `gives its canary ${share} (step ${step + 1} of ${config.steps.length})`;
    }
    case 'paused':
      return 'is paused';
    case 'held':
      return `waits for a person (${phase.kind === 'held' ? phase.why : phase.kind})`;
    case 'resumed':
      return 'goes on';
    case 'promoted':
      return 'is promoted';
    case 'rolled-back':
      return 'is rolled back';
  }
}

/** Whether a receiver wants to be told. */
export function isWanted(
  { events, services }: NotifyConfig,
  { event, service }: Notification,
): boolean {
  return event === 'test' || (events.includes(event) && (services?.includes(service) ?? true));
}
