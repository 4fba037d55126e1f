/**
 * All that is said to PM2. Nothing else in this program speaks to a daemon.
 *
 * 1. No daemon is ever started: without one the outcome is `down`.
 * 2. One order at a time, and beside it one look: an app that takes its time to end keeps nobody from
 *    seeing the others. Each has a connection of its own. The app is looked up by name and unique id
 *    on the very connection that carries the order, so an order can only reach the daemon whose list
 *    it was based on; a successor, whose pm_ids mean other apps, never sees it.
 * 3. What PM2 answers to an order proves nothing: the list is read again after each.
 * 4. Everything that can happen is an outcome. A `timeout` leaves open whether the order is carried
 *    out: look again before the next one.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { instanceOf } from '../proc/tree.js';
import type { AppIdentity, Daemon, Failure, Outcome, ProcessManager } from '../process-manager.js';
import { AppView, type MonitorEntry } from './app.js';
import { openConnection, type Connection, type Reply } from './axon.js';
import { canaryEntry, respecConf, type CanaryRequest } from './clone.js';
import { refreshDump, type DumpResult } from './dump.js';
import { numeric, type Pm2Env } from './pm2-env.js';
import { clusterRefusals } from './refusal.js';
import { sameSpec, specProblems, type AppSpec } from './spec.js';

/** PM2 waits that long between SIGINT and SIGKILL, and then once more (PM2_KILL_TIMEOUT). */
const KILL_TIMEOUT_MS = 1600;
/** How long PM2 waits for the message `ready` of an app with wait_ready. */
const READY_TIMEOUT_MS = 3000;

/** PM2 as the process manager, with what else it can be asked. */
export interface Pm2 extends ProcessManager {
  list(): Promise<Outcome<readonly AppView[]>>;
  find(name: string): Promise<Outcome<AppView>>;
  startCanary(main: AppIdentity, request: CanaryRequest): Promise<Outcome<AppView>>;
  respec(app: AppIdentity, to: AppSpec): Promise<Outcome<AppView>>;
  restart(app: AppIdentity): Promise<Outcome<AppView>>;
  stop(app: AppIdentity): Promise<Outcome<AppView>>;
}

export interface Pm2Options {
  /** PM2_HOME. */
  readonly home: string;
  /** For an answer; orders get the app's stop and ready times on top. */
  readonly timeoutMs: number;
}

/** The daemon of one PM2_HOME. Nothing is connected until it is asked something. */
export function createPm2(options: Pm2Options): Pm2 {
  return new DaemonAdapter(options);
}

class DaemonAdapter implements Pm2 {
  readonly #home: string;
  readonly #timeoutMs: number;
  readonly #orders = new Turns();
  readonly #looks = new Turns();

  constructor(options: Pm2Options) {
    this.#home = options.home;
    this.#timeoutMs = options.timeoutMs;
  }

  daemon(): Promise<Outcome<Daemon>> {
    return this.#look(async (session) => {
      const report = await session.ask('getReport', {});
      if (report.kind !== 'ok') return report;
      const { started_at, pm2_version } = report.value as Record<string, unknown>;
      const pid =
        Number(await readFile(join(this.#home, 'pm2.pid'), 'utf8').catch(() => '')) || null;
      return ok({ pid, startedAtMs: Number(started_at), version: String(pm2_version) });
    });
  }

  list(): Promise<Outcome<readonly AppView[]>> {
    return this.#look((session) => session.list());
  }

  find(name: string): Promise<Outcome<AppView>> {
    return this.#look(async (session) => {
      const apps = await session.named(name);
      if (apps.kind !== 'ok') return apps;
      const [app, ...others] = apps.value;
      if (app === undefined) return { kind: 'gone', reason: `PM2 has no app ${name}` };
      if (others.length === 0) return ok(app);
      return { kind: 'refused', reason: `PM2 has ${apps.value.length} apps ${name}` };
    });
  }

  startCanary(main: AppIdentity, request: CanaryRequest): Promise<Outcome<AppView>> {
    const { name, rollout } = request;
    return this.#act(main, async (session, found) => {
      const entry = canaryEntry(found.pm2Env, request);
      const before = await session.named(name);
      if (before.kind !== 'ok') return before;
      const stranger = before.value.find((app) => app.rollout !== rollout);
      if (stranger !== undefined)
        return { kind: 'refused', reason: `PM2 has another app ${name} (pm_id ${stranger.pmId})` };
      if (before.value.length === 0) {
        const started = await session.order('prepare', entry, patience(entry));
        if (started.kind !== 'ok') return started;
      }
      const after = await session.named(name);
      if (after.kind !== 'ok') return after;
      return withProcess(
        after.value.find((app) => app.rollout === rollout),
        name,
      );
    });
  }

  respec(app: AppIdentity, to: AppSpec): Promise<Outcome<AppView>> {
    const [problem] = specProblems(to);
    if (problem !== undefined) return Promise.resolve({ kind: 'refused', reason: problem });
    return this.#act(app, async (session, found) => {
      const [refusal] = clusterRefusals(found, to);
      if (refusal !== undefined) return { kind: 'refused', reason: refusal };
      const conf = respecConf(found.pm2Env, to);
      const settled = await session.settle(found);
      if (settled.kind !== 'ok') return settled;
      const order = { id: found.pmId, env: { current_conf: conf } };
      const done = await session.order('restartProcessId', order, patience(found.pm2Env));
      if (done.kind !== 'ok') return done;
      const after = await session.locate(app);
      if (after.kind !== 'ok') return after;
      if (!sameSpec(after.value.spec, to))
        return failed(`PM2 restarted ${app.name}, but not with the spec that it was given`);
      return withNewProcess(found, after.value);
    });
  }

  restart(app: AppIdentity): Promise<Outcome<AppView>> {
    return this.#act(app, async (session, found) => {
      const settled = await session.settle(found);
      if (settled.kind !== 'ok') return settled;
      const order = { id: found.pmId, env: {} };
      const done = await session.order('restartProcessId', order, patience(found.pm2Env));
      if (done.kind !== 'ok') return done;
      const after = await session.locate(app);
      return after.kind === 'ok' ? withNewProcess(found, after.value) : after;
    });
  }

  stop(app: AppIdentity): Promise<Outcome<AppView>> {
    return this.#act(app, (session, found) => session.stop(found));
  }

  remove(app: AppIdentity): Promise<Outcome<null>> {
    return this.#order(async (session) => {
      const found = await session.locate(app);
      if (found.kind === 'gone') return ok(null);
      if (found.kind !== 'ok') return found;
      const done = await session.order(
        'deleteProcessId',
        found.value.pmId,
        patience(found.value.pm2Env),
      );
      if (done.kind !== 'ok') return done;
      const after = await session.locate(app);
      if (after.kind === 'ok') return failed(`PM2 deleted ${app.name}, but still lists it`);
      if (after.kind !== 'gone') return after;
      if (found.value.pid !== null && instanceOf(found.value.pid) !== null)
        return failed(`PM2 deleted ${app.name}, but its process ${found.value.pid} still lives`);
      return ok(null);
    });
  }

  refreshDump(app: AppIdentity, canaryNames: readonly string[]): Promise<Outcome<DumpResult>> {
    return this.#act(app, async (_, found) => {
      try {
        return ok(await refreshDump(this.#home, found.pm2Env, canaryNames));
      } catch (error) {
        return failed(`PM2's dump could not be refreshed: ${codeOf(error)}`);
      }
    });
  }

  #act<T>(
    app: AppIdentity,
    step: (session: Session, found: AppView) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    return this.#order(async (session) => {
      const found = await session.locate(app);
      return found.kind === 'ok' ? step(session, found.value) : found;
    });
  }

  #order<T>(work: Work<T>): Promise<Outcome<T>> {
    return this.#orders.take(() => this.#session(work));
  }

  #look<T>(work: Work<T>): Promise<Outcome<T>> {
    return this.#looks.take(() => this.#session(work));
  }

  async #session<T>(work: Work<T>): Promise<Outcome<T>> {
    const opened = await openConnection(join(this.#home, 'rpc.sock'));
    if (opened.kind !== 'open') return opened;
    try {
      return await work(new Session(opened.connection, this.#timeoutMs));
    } finally {
      opened.connection.close();
    }
  }
}

/** Each waits for the one before; all end, since every call on a connection does. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

type Work<T> = (session: Session) => Promise<Outcome<T>>;

/** One operation's talk with one daemon. */
class Session {
  readonly #connection: Connection;
  readonly #timeoutMs: number;

  constructor(connection: Connection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  async ask(method: string, argument: unknown): Promise<Outcome<unknown>> {
    return outcomeOf(await this.#connection.call(method, argument, this.#timeoutMs));
  }

  async order(method: string, argument: unknown, patienceMs: number): Promise<Outcome<unknown>> {
    return outcomeOf(await this.#connection.call(method, argument, this.#timeoutMs + patienceMs));
  }

  async list(): Promise<Outcome<readonly AppView[]>> {
    const reply = await this.ask('getMonitorData', {});
    if (reply.kind !== 'ok') return reply;
    if (!Array.isArray(reply.value)) return failed('PM2 answered with something that is no list');
    return ok((reply.value as MonitorEntry[]).map((entry) => new AppView(entry)));
  }

  async named(name: string): Promise<Outcome<readonly AppView[]>> {
    const apps = await this.list();
    return apps.kind === 'ok' ? ok(apps.value.filter((app) => app.name === name)) : apps;
  }

  async locate(wanted: AppIdentity): Promise<Outcome<AppView>> {
    const apps = await this.named(wanted.name);
    if (apps.kind !== 'ok') return apps;
    const same = apps.value.find(
      (app) => app.pmId === wanted.pmId && app.uniqueId === wanted.uniqueId,
    );
    if (same !== undefined) return ok(same);
    const [other] = apps.value;
    if (other === undefined)
      return { kind: 'gone', reason: `PM2 has no app ${wanted.name} any more` };
    const reason = `${wanted.name} is another app now (pm_id ${other.pmId}, was ${wanted.pmId})`;
    return { kind: 'changed', reason };
  }

  /** PM2 restarts only what is online or stopped; from other states it keeps the old process. */
  async settle(app: AppView): Promise<Outcome<unknown>> {
    const clear = ['online', 'launching', 'stopped', 'errored'].includes(app.status);
    return clear ? ok(null) : this.stop(app);
  }

  async stop(app: AppView): Promise<Outcome<AppView>> {
    const done = await this.order('stopProcessId', app.pmId, patience(app.pm2Env));
    if (done.kind !== 'ok') return done;
    const after = await this.locate(app);
    if (after.kind !== 'ok' || after.value.status === 'stopped') return after;
    return failed(`PM2 stopped ${app.name}, but says it is ${after.value.status}`);
  }
}

/** How long PM2 may take to stop the app and to wait for it to be ready again. */
function patience(env: Pm2Env): number {
  const kill = numeric(env['kill_timeout']) ?? KILL_TIMEOUT_MS;
  const ready = numeric(env['listen_timeout']) ?? READY_TIMEOUT_MS;
  return 2 * kill + (env['wait_ready'] ? ready : 0);
}

/** PM2 reports a process that could not be spawned as online, without a pid, for ever. */
function withProcess(app: AppView | undefined, name: string): Outcome<AppView> {
  if (app === undefined) return failed(`PM2 started ${name}, but does not list it`);
  if (app.pid !== null) return ok(app);
  return failed(
    `PM2 says ${name} is ${app.status}, but there is no process: ` +
      'it ended at once, or its script, cwd or interpreter cannot be used',
  );
}

function withNewProcess(before: AppView, after: AppView): Outcome<AppView> {
  if (before.pid !== null && after.pid === before.pid)
    return failed(`PM2 restarted ${after.name}, but its process is still ${before.pid}`);
  return withProcess(after, after.name);
}

function outcomeOf(reply: Reply): Outcome<unknown> {
  return reply.kind === 'answered' ? ok(reply.value) : reply;
}

/** A parser's message quotes the text, which holds secrets. */
function codeOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name;
}

function ok<T>(value: T): Outcome<T> {
  return { kind: 'ok', value };
}

function failed(reason: string): Failure {
  return { kind: 'failed', reason };
}
