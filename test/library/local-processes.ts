/** The process manager port over plain child processes of this process: no daemon, no PM2. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import {
  canarySpec,
  type App,
  type AppIdentity,
  type AppSpec,
  type CanaryRequest,
  type Daemon,
  type Outcome,
  type ProcessManager,
} from '../../library/orchestrator.js';

interface Entry {
  readonly identity: AppIdentity;
  readonly rollout: string | null;
  spec: AppSpec;
  child: ChildProcess;
  restarts: number;
  startedAtMs: number;
}

const ok = <T>(value: T): Outcome<T> => ({ kind: 'ok', value });

export class LocalProcesses implements ProcessManager {
  readonly #logs: string;
  readonly #startedAtMs = Date.now();
  #entries: Entry[] = [];
  #made = 0;

  /** `logs` is the folder that output goes to. */
  constructor(logs: string) {
    this.#logs = logs;
  }

  /** Starts an app of the operator's own. */
  start(name: string, spec: AppSpec, rollout: string | null = null): App {
    const pmId = this.#made++;
    const entry = {
      identity: { name, pmId, uniqueId: `${name}-${pmId}` },
      rollout,
      spec,
      child: this.#spawn(name, spec),
      restarts: 0,
      startedAtMs: Date.now(),
    };
    this.#entries.push(entry);
    return this.#view(entry);
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#entries.map(({ child }) => ended(child)));
  }

  daemon(): Promise<Outcome<Daemon>> {
    const daemon = { pid: process.pid, startedAtMs: this.#startedAtMs, version: 'local' };
    return Promise.resolve(ok(daemon));
  }

  list(): Promise<Outcome<readonly App[]>> {
    return Promise.resolve(ok(this.#entries.map((entry) => this.#view(entry))));
  }

  find(name: string): Promise<Outcome<App>> {
    const entry = this.#entries.find(({ identity }) => identity.name === name);
    return Promise.resolve(
      entry === undefined
        ? { kind: 'gone', reason: `there is no app ${name}` }
        : ok(this.#view(entry)),
    );
  }

  async startCanary(main: AppIdentity, request: CanaryRequest): Promise<Outcome<App>> {
    const found = this.#locate(main);
    if (found.kind !== 'ok') return found;
    const same = await this.find(request.name);
    if (same.kind !== 'ok') {
      return ok(this.start(request.name, canarySpec(found.value.spec, request), request.rollout));
    }
    return same.value.rollout === request.rollout
      ? same
      : { kind: 'refused', reason: `there is another app ${request.name}` };
  }

  async respec(app: AppIdentity, to: AppSpec): Promise<Outcome<App>> {
    const found = this.#locate(app);
    if (found.kind !== 'ok') return found;
    const entry = found.value;
    await ended(entry.child);
    entry.spec = to;
    entry.child = this.#spawn(app.name, to);
    entry.restarts += 1;
    entry.startedAtMs = Date.now();
    return ok(this.#view(entry));
  }

  async remove(app: AppIdentity): Promise<Outcome<null>> {
    const found = this.#locate(app);
    if (found.kind === 'gone') return ok(null);
    if (found.kind !== 'ok') return found;
    await ended(found.value.child);
    this.#entries = this.#entries.filter((entry) => entry !== found.value);
    return ok(null);
  }

  /** Nothing is started after a reboot. */
  refreshDump(): Promise<Outcome<'no-dump'>> {
    return Promise.resolve(ok('no-dump'));
  }

  #locate({ name, uniqueId }: AppIdentity): Outcome<Entry> {
    const named = this.#entries.find(({ identity }) => identity.name === name);
    if (named === undefined) return { kind: 'gone', reason: `there is no app ${name} any more` };
    return named.identity.uniqueId === uniqueId
      ? ok(named)
      : { kind: 'changed', reason: `${name} is another app now` };
  }

  #spawn(
    name: string,
    { interpreter, interpreterArgs, script, args, cwd, env }: AppSpec,
  ): ChildProcess {
    const log = openSync(join(this.#logs, `${name}.log`), 'a');
    const child = spawn(interpreter, [...interpreterArgs, script, ...args], {
      cwd,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    return child;
  }

  #view({ identity, rollout, spec, child, restarts, startedAtMs }: Entry): App {
    const isRunning = child.exitCode === null && child.signalCode === null;
    const logPath = join(this.#logs, `${identity.name}.log`);
    return {
      ...identity,
      namespace: 'default',
      pid: isRunning ? (child.pid ?? null) : null,
      status: isRunning ? 'online' : 'stopped',
      restarts,
      startedAtMs,
      orderedAtMs: startedAtMs,
      restartsByItself: false,
      hasCron: false,
      hasWatch: false,
      execMode: 'fork',
      memoryLimitBytes: null,
      outLogPath: logPath,
      errLogPath: logPath,
      exitCode: child.exitCode,
      user: null,
      searchPath: process.env['PATH'] ?? '',
      rollout,
      spec,
    };
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
