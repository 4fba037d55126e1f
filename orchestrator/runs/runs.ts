/** All runs of several services: begins them, goes on with them after a restart, tells of them. */
import type { CanaryConfig } from '../../config/types.js';
import { no, ok, type Answer } from '../answer.js';
import type { GroupsReply, RunRequest, RunsReply, RunView } from '../control/run-messages.js';
import { RunLoop, type RunParts } from './loop.js';
import { orderFrom } from './order.js';
import type { Run, RunOrder } from './run.js';
import { runView } from './view.js';

export interface RunsParts extends RunParts {
  readonly config: Pick<CanaryConfig, 'file' | 'services' | 'groups'>;
}

export class Runs {
  readonly #parts: RunsParts;
  readonly #loops = new Map<string, RunLoop>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(parts: RunsParts) {
    this.#parts = parts;
  }

  /** Goes on with the runs that the store says are under way. */
  resume(): void {
    for (const run of this.#parts.store.runs.active()) this.#follow(run);
  }

  /** Stops deciding; what is under way is resumed by the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  groups(): GroupsReply {
    return { groups: this.#parts.config.groups };
  }

  /** Begins what a person asks for. */
  ask(request: RunRequest): Answer<RunView> {
    const order = orderFrom(this.#parts.config, request);
    return order.ok ? this.begin(order.value) : order;
  }

  /** Begins a run, unless one of its services is not free. It is stored when this returns. */
  begin(order: RunOrder): Answer<RunView> {
    const busy = this.busy(order.members.map(({ service }) => service));
    if (busy !== null) return no('refused', busy);
    const { store, clock } = this.#parts;
    const number = store.runs.nextNumber();
    const run: Run = {
      ...order,
      id: `run-${number}`,
      startedAtMs: clock.now(),
      endedAtMs: null,
      cancelled: null,
      members: order.members.map((member) => ({ ...member, state: { kind: 'pending' } })),
    };
    store.runs.insert(run, number);
    this.#follow(run);
    return ok(this.#view(run));
  }

  /** Why one of the services is not free; null when all are. */
  busy(services: readonly string[]): string | null {
    const rollout = this.#parts.store.active().find(({ service }) => services.includes(service));
    if (rollout !== undefined) return `${rollout.id} is under way (${rollout.phase.kind})`;
    for (const { snapshot } of this.#loops.values()) {
      const member = snapshot.members.find(
        ({ service, state }) => state.kind !== 'ended' && services.includes(service),
      );
      if (member !== undefined) return `${member.service} has a part in ${snapshot.id}`;
    }
    const starting = services.find((service) => this.#parts.rollouts.isStarting(service));
    return starting === undefined ? null : `${starting} is just being started`;
  }

  /** Begins no further service of a run; what is under way goes on. */
  cancel(id: string, reason: string | null): Answer<RunView> {
    const loop = this.#loops.get(id);
    if (loop === undefined) {
      const run = this.#parts.store.runs.byId(id);
      return run === null ? unknown(id) : no('refused', `${id} is over`);
    }
    const asked = 'a person cancelled the run';
    loop.cancel(reason === null ? asked : `${asked}: ${reason}`);
    return ok(this.#view(loop.snapshot));
  }

  run(id: string): Answer<RunView> {
    const run = this.#parts.store.runs.byId(id);
    return run === null ? unknown(id) : ok(this.#view(run));
  }

  recent(limit: number): Answer<RunsReply> {
    const runs = this.#parts.store.runs.recent(limit);
    return ok({ runs: runs.map((run) => this.#view(run)) });
  }

  #follow(run: Run): void {
    const loop = new RunLoop(this.#parts, run);
    this.#loops.set(run.id, loop);
    const work = loop.run(this.#stop.signal).finally(() => {
      if (!this.#stop.signal.aborted) this.#loops.delete(run.id);
      this.#running.delete(work);
    });
    this.#running.add(work);
  }

  #view(run: Run): RunView {
    const { store, clock } = this.#parts;
    return runView(run, (id) => store.byId(id), clock.now());
  }
}

function unknown(id: string): Answer<never> {
  return no('usage', `there is no run ${id}`);
}
