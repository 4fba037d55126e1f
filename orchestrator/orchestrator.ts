/**
 * The control plane: one loop for each rollout that is under way, and the answers to what people
 * ask. It carries no traffic, and whatever it intends is in the store first, so it can be killed
 * at any point and resumes with `resume`.
 */
import { dirname } from 'node:path';
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import { packageVersion } from '../common/package.js';
import { SERVICE_DEFAULTS } from '../config/defaults.js';
import type { CanaryConfig, ServiceConfig } from '../config/types.js';
import { no, ok, type Answer } from './answer.js';
import { measureFor } from './checks/runner.js';
import type {
  EvidencePage,
  HistoryReply,
  NotifyTestReply,
  PlanReply,
  ReleaseView,
  RolloutView,
  ServiceView,
  StartReply,
  StartRequest,
  StatusReply,
} from './control/messages.js';
import { evidencePage, type PageRequest } from './control/evidence.js';
import { frozenPlan, type FrozenPlan } from './control/frozen-plan.js';
import { logFilesOf, type LogFilesReply } from './control/log-files.js';
import { endedView, liveView, serviceView, withoutOutput } from './control/views.js';
import { Monitor } from './monitor/monitor.js';
import { Notifications } from './notify/notifications.js';
import { sender } from './notify/send.js';
import { isAlive } from './proc/tree.js';
import type { ProxyClient } from './proxy-client.js';
import { Preparations } from './release/preparations.js';
import { pruneReleases } from './release/prune.js';
import { retain } from './retention.js';
import { putIdleRouteRight } from './rollout/idle-route.js';
import { look } from './rollout/look.js';
import { RolloutLoop, type World } from './rollout/loop.js';
import { newRollout } from './rollout/new-rollout.js';
import { perform } from './rollout/perform.js';
import { makePlan, type Plan } from './rollout/plan.js';
import { rolloutIdOf, type RequestKind, type Rollout } from './rollout/rollout.js';
import { SmokeRunner } from './smoke/runner.js';
import { Runs } from './runs/runs.js';
import { Scheduler } from './schedule/scheduler.js';
import type { Store } from './store/store.js';
import { VitalSigns } from './vitals.js';
import { because, pm2Away } from './refusals.js';
import type { ProcessManager } from './process-manager.js';

export interface OrchestratorParts {
  readonly config: CanaryConfig;
  /** What the operator's own commands inherit, and where secrets of receivers are. */
  readonly env: NodeJS.ProcessEnv;
  readonly store: Store;
  readonly pm2: ProcessManager;
  readonly proxy: ProxyClient;
  readonly clock: Clock;
  /** A short text that has never been given before, on this machine or another. */
  readonly random: () => string;
  /** From 0 to 1: spreads what is tried again. */
  readonly jitter: () => number;
  /** This machine's name: notifications give it, and it makes a schedule's jitter its own. */
  readonly host: string;
  readonly log: Logger;
}

export class Orchestrator {
  readonly runs: Runs;
  readonly scheduler: Scheduler;
  readonly vitals: VitalSigns;
  readonly #parts: OrchestratorParts;
  readonly #smoke: SmokeRunner;
  readonly #world: World;
  readonly #notifications: Notifications;
  readonly #preparations: Preparations;
  readonly #loops = new Map<string, RolloutLoop>();
  /** Services whose start is being planned: a second start must not slip in between. */
  readonly #starting = new Set<string>();
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(parts: OrchestratorParts) {
    this.#parts = parts;
    const { config, store, clock, host: seed, log } = parts;
    const save = store.savePreparation.bind(store);
    const preparations = new Preparations({ ...parts, save }, log);
    this.#preparations = preparations;
    this.#smoke = new SmokeRunner(clock);
    const world = { ...parts, preparations, smoke: this.#smoke };
    this.#world = {
      look: (rollout) => look(world, rollout),
      perform: (action, rollout) => perform(world, action, rollout),
      isAlive,
    };
    this.#notifications = notificationsOf(parts);
    const { schedules } = config;
    this.vitals = new VitalSigns(parts);
    this.runs = new Runs({ config, store, rollouts: this, clock, log });
    this.scheduler = new Scheduler({ schedules, store, runs: this.runs, clock, seed, log });
  }

  /** Goes on with all that the store says is under way, puts idle routes right, and keeps the schedules. */
  resume(): void {
    for (const rollout of this.#parts.store.active()) {
      this.#parts.log.info({ rollout: rollout.id, phase: rollout.phase.kind }, 'resuming');
      this.#run(rollout);
    }
    this.#track(this.#notifications.run(this.#stop.signal));
    this.#track(this.vitals.run(this.#stop.signal));
    for (const service of Object.values(this.#parts.config.services)) {
      const isIdle = (): boolean => !this.#loops.has(service.name);
      this.#track(putIdleRouteRight(this.#parts, service, isIdle, this.#stop.signal));
      this.#track(this.#prune(service));
    }
    this.runs.resume();
    this.#track(this.scheduler.run(this.#stop.signal));
    const { pruning } = this.#parts.store;
    const { retention } = this.#parts.config.orchestrator;
    this.#track(retain({ ...this.#parts, pruning, retention }, this.#stop.signal));
  }

  /** Stops deciding. What is under way is left as it is, and resumed by the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#smoke.endAll();
    await Promise.all([this.runs.stop(), ...this.#running]);
    // After the loops, which would take a preparation that was stopped for one that failed.
    await this.#preparations.stopAll();
  }

  /** Plans a rollout and, unless it is a dry run, begins it. `by` is who or what wants it. */
  async start(
    name: string,
    request: StartRequest,
    by = 'a person',
  ): Promise<Answer<PlanReply | StartReply>> {
    const service = this.#parts.config.services[name];
    if (service === undefined) return this.#unknown(name);
    const underWay = this.#loops.get(name);
    if (underWay !== undefined && !request.dryRun) {
      const { id, phase } = underWay.rollout;
      const reason = `${id} is under way (${phase.kind}): promote it or roll it back first`;
      return no('refused', because('under-way', reason));
    }
    if (this.isStarting(name)) {
      return no('refused', because('under-way', `${name} is just being started`));
    }
    this.#starting.add(name);
    try {
      const planned = await makePlan(this.#parts, service, request, this.#nextId(name));
      if (!planned.ok) return no(planned.code, planned.reasons.join('\n'));
      const { view } = planned.plan;
      if (request.dryRun) return ok({ plan: view });
      const rollout = this.#begin(planned.plan, by);
      return ok({ plan: view, rollout });
    } finally {
      this.#starting.delete(name);
    }
  }

  /** Whether a rollout of the service is just being planned: it is in no store yet. */
  isStarting(name: string): boolean {
    return this.#starting.has(name);
  }

  /** Hands a person's order to the rollout under way. */
  steer(name: string, kind: RequestKind, reason: string | null): Answer<RolloutView> {
    if (this.#knownService(name) === undefined) return this.#unknown(name);
    const loop = this.#loops.get(name);
    if (loop === undefined) {
      return no('refused', because('nothing-under-way', `${name} has no rollout under way`));
    }
    const outcome = loop.request(kind, reason);
    const { id, phase } = loop.rollout;
    return outcome.taken
      ? ok(this.#view(loop.rollout))
      : no(
          'refused',
          because('order-not-taken', `cannot ${kind} ${id} (${phase.kind}): ${outcome.reason}`),
        );
  }

  async status(): Promise<StatusReply> {
    const { config, pm2, proxy } = this.#parts;
    const names = new Set([...Object.keys(config.services), ...this.#loops.keys()]);
    const services = [...names].flatMap((name) => this.#knownService(name) ?? []);
    const [daemon, state] = await Promise.all([pm2.daemon(), proxy.state()]);
    return {
      build: { version: packageVersion(), configDigest: config.digest },
      services: services.map((service) => this.#serviceView(service)),
      pm2: { up: daemon.kind === 'ok', reason: daemon.kind === 'ok' ? null : daemon.reason },
      proxy: { up: state.kind === 'ok', reason: state.kind === 'ok' ? null : state.reason },
    };
  }

  service(name: string): Answer<ServiceView> {
    const service = this.#knownService(name);
    return service === undefined ? this.#unknown(name) : ok(this.#serviceView(service));
  }

  history(name: string | null, limit: number): Answer<HistoryReply> {
    if (name !== null && this.#knownService(name) === undefined) return this.#unknown(name);
    const rollouts = this.#parts.store.recent(name, limit);
    return ok({ rollouts: rollouts.map((rollout) => this.#view(rollout)) });
  }

  rollout(id: string): Answer<RolloutView> {
    const rollout = this.#parts.store.byId(id);
    return rollout === null
      ? no('usage', `there is no rollout ${id}`)
      : ok(this.#view(rollout, true));
  }

  /** What was recorded of a rollout's trial, a page of it. */
  evidence(id: string, page: PageRequest): Answer<EvidencePage> {
    const { store } = this.#parts;
    const rollout = store.byId(id);
    if (rollout === null) return no('usage', `there is no rollout ${id}`);
    return ok(evidencePage(store, rollout, page));
  }

  /** What a rollout's release changed, and what its canary was judged by. */
  plan(id: string): Answer<FrozenPlan> {
    const rollout = this.#parts.store.byId(id);
    return rollout === null ? no('usage', `there is no rollout ${id}`) : ok(frozenPlan(rollout));
  }

  /** Where PM2 writes what the instances of a service print. */
  async logFiles(name: string): Promise<Answer<LogFilesReply>> {
    const service = this.#knownService(name);
    if (service === undefined) return this.#unknown(name);
    const apps = await this.#parts.pm2.list();
    return apps.kind === 'ok'
      ? ok(logFilesOf(apps.value, service))
      : no('refused', pm2Away(apps.reason));
  }

  /** Sends a sample to all receivers of notifications, or to the one of that name. */
  async sampleNotification(name: string | null): Promise<Answer<NotifyTestReply>> {
    const { config } = this.#parts;
    const known = config.notify.map((receiver) => receiver.name);
    if (known.length === 0) return no('usage', `${config.file} names no receivers under notify`);
    if (name !== null && !known.includes(name)) {
      return no('usage', `${config.file} has no receiver ${name}: it has ${known.join(', ')}`);
    }
    return ok({ results: await this.#notifications.sample(name, this.#stop.signal) });
  }

  /** The rollouts under way, for the metrics. */
  live(): readonly Pick<RolloutLoop, 'rollout' | 'assessment' | 'troubles'>[] {
    return [...this.#loops.values()];
  }

  /** One that was taken out of the configuration is known as long as its rollout is under way. */
  #knownService(name: string): ServiceConfig | undefined {
    return this.#parts.config.services[name] ?? this.#loops.get(name)?.rollout.config;
  }

  #unknown(name: string): Answer<never> {
    const known = Object.keys(this.#parts.config.services).join(', ');
    return no(
      'usage',
      because(
        'unknown-service',
        `there is no service ${name} in ${this.#parts.config.file}: it has ${known}`,
      ),
    );
  }

  #nextId(service: string): string {
    return rolloutIdOf(service, this.#parts.store.nextNumber(service));
  }

  #begin(plan: Plan, startedBy: string): RolloutView {
    const { store, clock, random } = this.#parts;
    const number = store.nextNumber(plan.config.name);
    const startedAtMs = clock.now();
    const rollout = newRollout(plan, { number, startedBy, startedAtMs, unique: random() });
    const letters = this.#notifications.lettersFor({
      rollout,
      from: null,
      reason: `${startedBy} started it`,
      atMs: startedAtMs,
    });
    store.insert(rollout, number, letters);
    this.#run(rollout);
    return this.#view(rollout);
  }

  #run(rollout: Rollout): void {
    const { config, env, store, proxy, clock, log } = this.#parts;
    const measure = measureFor(rollout, config.file, env);
    const monitor = new Monitor({ store, proxy, pm2Home: config.pm2Home, measure, clock }, rollout);
    const [world, notifications] = [this.#world, this.#notifications];
    const loop = new RolloutLoop({ store, world, monitor, notifications, clock, log }, rollout);
    this.#loops.set(rollout.service, loop);
    this.#track(
      loop.run(this.#stop.signal).then(() => {
        monitor.close();
        if (this.#stop.signal.aborted) return;
        this.#loops.delete(rollout.service);
        this.#track(this.#prune(config.services[rollout.service] ?? rollout.config));
      }),
    );
  }

  /** Removes the service's old releases. */
  async #prune({ name, release }: ServiceConfig): Promise<void> {
    const { config, pm2, store, clock, log } = this.#parts;
    const parts = { pm2, pm2Home: config.pm2Home, store, clock };
    const keep = release?.keep ?? SERVICE_DEFAULTS.release.keep;
    for (const { dir, trouble } of await pruneReleases(parts, name, keep)) {
      if (trouble === null) log.info({ service: name, dir }, 'removed an old release');
      else log.warn({ service: name, dir, trouble }, 'an old release could not be removed');
    }
  }

  /** Waits for it when the program ends. Trouble of one part, such as a full disk, does not end the others. */
  #track(work: Promise<void>): void {
    const { log } = this.#parts;
    const tracked = work
      .catch((error: unknown) => log.error({ err: error }, 'background work failed'))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  #serviceView(service: ServiceConfig): ServiceView {
    const rollout =
      this.#loops.get(service.name)?.rollout ?? this.#parts.store.recent(service.name, 1)[0];
    return serviceView(service, rollout === undefined ? null : this.#view(rollout));
  }

  #view(rollout: Rollout, withOutput = false): RolloutView {
    const transitions = this.#parts.store.transitions(rollout.id);
    const kept = { transitions, release: this.#releaseView(rollout, withOutput) };
    const loop = this.#loops.get(rollout.service);
    return loop?.rollout.id === rollout.id ? liveView(loop, kept) : endedView(rollout, kept);
  }

  #releaseView({ id, release }: Rollout, withOutput: boolean): ReleaseView | null {
    if (release === null) return null;
    const stored = this.#parts.store.preparation(id);
    const record = this.#preparations.record(id) ?? stored?.record ?? null;
    return {
      ...release,
      removed: stored?.removed ?? false,
      preparation: record === null || withOutput ? record : withoutOutput(record),
    };
  }
}

function notificationsOf(parts: OrchestratorParts): Notifications {
  const { config, env, store, clock, random, jitter, host, log } = parts;
  return new Notifications({
    receivers: config.notify,
    outbox: store.outbox,
    send: sender({ env, folder: dirname(config.file), now: () => clock.now() }),
    clock,
    newId: random,
    jitter,
    host,
    log,
  });
}
