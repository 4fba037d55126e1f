/** What was recorded of a rollout, as commands read it from the orchestrator. */
import type { FrozenPlan } from '../control/frozen-plan.js';
import type { EvidencePage, HistoryReply, RolloutView, StatusReply } from '../control/messages.js';
import type { Recording } from '../explain/retrial.js';
import type { EvidenceEvent, RolloutEvent } from '../judge/types.js';
import { ask, CommandError, EXIT, type Io } from './io.js';

const PAGE_EVENTS = 5_000;

/** Page after page, the rollout's own event first. */
export async function* evidencePages(io: Io, id: string): AsyncGenerator<readonly EvidenceEvent[]> {
  const path = `/v1/rollouts/${encodeURIComponent(id)}/evidence`;
  for (let after: number | null = 0; after !== null;) {
    const query: string = `after=${after}&limit=${PAGE_EVENTS}`;
    const page: EvidencePage = await ask<EvidencePage>(io, 'GET', `${path}?${query}`);
    yield page.events;
    after = page.nextAfter;
  }
}

/** The plan and all the evidence, or null when there are more events than wanted. */
export async function recordingOf(
  io: Io,
  id: string,
  { plan, maxEvents }: { readonly plan: FrozenPlan; readonly maxEvents: number },
): Promise<Recording | null> {
  let rollout: RolloutEvent | null = null;
  const events: Recording['events'][number][] = [];
  for await (const page of evidencePages(io, id)) {
    for (const event of page) {
      if (event.type === 'rollout') rollout = event;
      else events.push(event);
    }
    if (events.length > maxEvents) return null;
  }
  if (rollout === null) throw new Error(`the evidence of ${id} has no rollout`);
  return { policy: plan, rollout, events };
}

export function planOf(io: Io, id: string): Promise<FrozenPlan> {
  return ask<FrozenPlan>(io, 'GET', `/v1/rollouts/${encodeURIComponent(id)}/plan`);
}

/**
 * The rollout that is meant: by its id, as the newest of a service, or as the newest of all.
 * @throws CommandError when there is none.
 */
export async function rolloutMeant(io: Io, name: string | undefined): Promise<RolloutView> {
  if (name !== undefined && !(await isService(io, name))) {
    return ask<RolloutView>(io, 'GET', `/v1/rollouts/${encodeURIComponent(name)}`);
  }
  const query = new URLSearchParams({ limit: '1', ...(name !== undefined && { service: name }) });
  const { rollouts } = await ask<HistoryReply>(io, 'GET', `/v1/history?${query.toString()}`);
  const [newest] = rollouts;
  if (newest !== undefined) return newest;
  throw new CommandError(
    `there is no rollout yet${name === undefined ? '' : ` of ${name}`}`,
    EXIT.usage,
  );
}

async function isService(io: Io, name: string): Promise<boolean> {
  const { services } = await ask<StatusReply>(io, 'GET', '/v1/status');
  return services.some(({ service }) => service === name);
}
