/** What was recorded of a rollout, as commands read it from the orchestrator. */
import type { FrozenPlan } from '../control/frozen-plan.js';
import type { EvidencePage, HistoryReply, RolloutView, StatusReply } from '../control/messages.js';
import { MAX_EVENTS } from '../explain/explanation.js';
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

/** What there is to explain a rollout with. */
export interface CaseFile {
  readonly plan: FrozenPlan;
  /** Null: there is nothing, or more than is judged again; `without` says which. */
  readonly recording: Recording | null;
  readonly without: string | null;
}

/** The plan and all the evidence, as far as that is bounded. */
export async function caseFileOf(io: Io, id: string): Promise<CaseFile> {
  const path = `/v1/rollouts/${encodeURIComponent(id)}/plan`;
  const plan = await ask<FrozenPlan>(io, 'GET', path);
  let rollout: RolloutEvent | null = null;
  const events: Recording['events'][number][] = [];
  for await (const page of evidencePages(io, id)) {
    for (const event of page) {
      if (event.type === 'rollout') rollout = event;
      else events.push(event);
    }
    if (events.length > MAX_EVENTS) {
      const without = `It has more than ${MAX_EVENTS} events, which is too much to judge again; "canary export" and "canary replay" can.`;
      return { plan, recording: null, without };
    }
  }
  if (rollout === null || events.length === 0) {
    const without = 'Nothing was recorded: the canary never got traffic.';
    return { plan, recording: null, without };
  }
  return { plan, recording: { policy: plan, rollout, events }, without: null };
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
