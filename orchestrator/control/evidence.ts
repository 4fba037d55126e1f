/** A rollout's evidence as `canary export` gets it: the trial, page by page, the rollout's own line first. */
import type { EvidenceEvent, RolloutEvent } from '../judge/types.js';
import { rolloutEvent, trialEndMs } from '../monitor/trial.js';
import type { Rollout } from '../rollout/rollout.js';
import type { Store } from '../store/store.js';
import type { EvidencePage } from './messages.js';

export interface PageRequest {
  /** 0 for the first page, then the `nextAfter` of the page before. */
  readonly after: number;
  readonly limit: number;
}

/** What was seen after main had the release is not of the trial and left out. */
export function evidencePage(
  store: Store,
  rollout: Rollout,
  { after, limit }: PageRequest,
): EvidencePage {
  const endMs = trialEndMs(store.transitions(rollout.id));
  const rows = store.evidencePage(rollout.id, after, limit);
  const events: EvidenceEvent[] = after === 0 ? [header(rollout, endMs)] : [];
  for (const { event } of rows) {
    if (endMs === null || (event as { atMs: number }).atMs <= endMs) events.push(event);
  }
  const nextAfter = rows.length < limit ? null : (rows.at(-1)?.seq ?? null);
  return { events, nextAfter };
}

/** A window that was extended was as long as it really was. */
function header(rollout: Rollout, endMs: number | null): RolloutEvent {
  const event = rolloutEvent(rollout);
  const windowMs = Math.max(event.windowMs, (endMs ?? 0) - event.startedAtMs);
  return { ...event, windowMs };
}
