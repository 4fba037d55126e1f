/**
 * A night in memory: the real scheduler, runs and store on a clock that tests move, and rollouts
 * that decide as real ones do about a simulated PM2 and proxy.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { CanaryConfig, ServiceConfig } from '../../../config/types.js';
import { no, ok, type Answer } from '../../../orchestrator/answer.js';
import type { MemberView, RunView } from '../../../orchestrator/control/run-messages.js';
import type { PlanReply, RolloutView, StartReply } from '../../../orchestrator/control/messages.js';
import type { RequestKind } from '../../../orchestrator/rollout/rollout.js';
import type { Rollouts } from '../../../orchestrator/runs/loop.js';
import { Runs } from '../../../orchestrator/runs/runs.js';
import { Scheduler } from '../../../orchestrator/schedule/scheduler.js';
import { Store } from '../../../orchestrator/store/store.js';
import { FakeClock } from '../../support/fake-clock.js';
import { Simulation } from '../rollout/simulation.js';

const TICK_MS = 5_000;
const MAX_TICKS = 50;

export class World {
  readonly clock: FakeClock;
  readonly rollouts = new Map<string, Simulation>();
  /** How a service's next rollout is to go, by service. */
  readonly prepare = new Map<string, (simulation: Simulation) => void>();
  /** Services whose main runs the release already. */
  readonly unchanged = new Set<string>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'canary-night-'));
  readonly #config: CanaryConfig;
  readonly #service: Partial<ServiceConfig>;
  #stop = new AbortController();
  #work: Promise<void>[] = [];
  store: Store;
  runs: Runs;
  scheduler: Scheduler;

  constructor(config: CanaryConfig, at: string, service: Partial<ServiceConfig> = {}) {
    this.#config = config;
    this.#service = service;
    this.clock = new FakeClock(at);
    this.store = this.#openStore();
    this.runs = this.#newRuns();
    this.scheduler = this.#newScheduler();
    this.#go();
  }

  /** As if the orchestrator was killed: everything but the store is forgotten. */
  async kill(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.runs.stop(), ...this.#work]);
    this.store.close();
  }

  restart(): void {
    this.#stop = new AbortController();
    this.store = this.#openStore();
    this.runs = this.#newRuns();
    this.scheduler = this.#newScheduler();
    this.#go();
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true });
  }

  /** The newest run. */
  run(): RunView {
    const recent = this.runs.recent(1);
    const [run] = recent.ok ? recent.value.runs : [];
    if (run === undefined) throw new Error('no run yet');
    return run;
  }

  /** `a promoted`, `b rolled-back`, ... of the newest run. */
  states(): string[] {
    return this.run().members.map(({ service, state }: MemberView) => `${service} ${state}`);
  }

  /** The newest run's part of a service. */
  member(service: string): MemberView {
    const member = this.run().members.find((each) => each.service === service);
    if (member === undefined) throw new Error(`${service} has no part`);
    return member;
  }

  #openStore(): Store {
    return Store.open(join(this.#folder, 'rollouts.db'));
  }

  #newRuns(): Runs {
    const { clock, store } = this;
    const log = pino({ level: 'silent' });
    return new Runs({ config: this.#config, store, rollouts: this.#port(), clock, log });
  }

  #newScheduler(): Scheduler {
    const { clock, store, runs } = this;
    const { schedules } = this.#config;
    const log = pino({ level: 'silent' });
    return new Scheduler({ schedules, store, runs, clock, seed: 'here', log });
  }

  #go(): void {
    this.runs.resume();
    this.#work = [this.scheduler.run(this.#stop.signal), this.#tickAll(this.#stop.signal)];
  }

  /** All rollouts go on as long as the orchestrator lives. */
  async #tickAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const simulation of this.rollouts.values()) {
        simulation.nowMs = this.clock.now();
        const before = JSON.stringify(simulation.rollout);
        for (let n = 0; n < MAX_TICKS && simulation.rollout.endedAtMs === null; n += 1) {
          if (simulation.tick().kind === 'wait') break;
        }
        if (JSON.stringify(simulation.rollout) !== before) this.store.update(simulation.rollout);
      }
      await this.clock.sleep(TICK_MS, signal);
    }
  }

  #port(): Rollouts {
    return {
      start: (service, { dryRun }, by) => Promise.resolve(this.#start(service, dryRun, by)),
      isStarting: () => false,
      steer: (service, kind) => this.#steer(service, kind),
    };
  }

  #start(service: string, dryRun: boolean, startedBy: string): Answer<PlanReply | StartReply> {
    const plan = { unchanged: this.unchanged.has(service) } as unknown as PlanReply['plan'];
    if (dryRun) return ok({ plan });
    const old = this.rollouts.get(service);
    if (old?.rollout.endedAtMs === null) return no('refused', `${old.rollout.id} is under way`);
    const number = this.store.nextNumber(service);
    const simulation = new Simulation(this.#service);
    const startedAtMs = this.clock.now();
    const id = `${service}-${number}`;
    const phase = { kind: 'starting', deadlineMs: startedAtMs + 60_000 } as const;
    simulation.rollout = { ...simulation.rollout, id, service, startedBy, startedAtMs, phase };
    simulation.nowMs = startedAtMs;
    this.prepare.get(service)?.(simulation);
    this.rollouts.set(service, simulation);
    this.store.insert(simulation.rollout, number);
    return ok({ plan, rollout: { id } as unknown as RolloutView });
  }

  #steer(service: string, kind: RequestKind): Answer<RolloutView> {
    const simulation = this.rollouts.get(service);
    if (simulation === undefined) return no('refused', 'nothing under way');
    simulation.ask(kind);
    return ok({ id: simulation.rollout.id } as unknown as RolloutView);
  }
}
