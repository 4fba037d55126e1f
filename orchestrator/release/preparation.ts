/**
 * One preparation: the release's commands in a clean folder, then a look at what they made.
 *
 * 1. It always begins anew. Processes that an orchestrator before this one left behind are known by
 *    the rollout's mark in their environment, and ended first.
 * 2. Its record is stored whenever a command begins or ends.
 * 3. Nothing that a command does is an exception: a preparation that came to nothing says why.
 */
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/message-of.js';
import type { PrepareCommand, ReleaseConfig } from '../../config/release.js';
import { runRefusals } from '../pm2/refusal.js';
import { ROLLOUT_KEY } from '../pm2/spec.js';
import { endProcesses, markedProcesses } from '../proc/marked.js';
import type { Rollout } from '../rollout/rollout.js';
import { runCommand } from './command.js';
import { changesText, diffPackages, unasked } from './dependencies.js';
import { lastLines, OutputTail } from './output.js';
import { listPackages, type Listed } from './package-list.js';
import type { CommandRecord, DependencyReport, PreparationRecord } from './record.js';
import { commandsOf, releaseEnv, type Release } from './release.js';
import type { ProcessManager } from '../process-manager.js';

export interface PreparationParts {
  readonly pm2: ProcessManager;
  readonly clock: Clock;
  /** What commands inherit. */
  readonly env: NodeJS.ProcessEnv;
  readonly save: (rolloutId: string, dir: string, record: PreparationRecord) => void;
}

/** What a preparation asks of the rollout that it is made for. */
export type PreparedRollout = Pick<
  Rollout,
  'id' | 'mark' | 'service' | 'config' | 'oldSpec' | 'newSpec'
>;

/** A release that is to be made, with how. */
export interface Making {
  readonly rollout: PreparedRollout;
  readonly release: Release;
  readonly config: ReleaseConfig;
}

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 3_000;

export class Preparation {
  readonly #parts: PreparationParts;
  readonly #making: Making;
  readonly #stop = new AbortController();
  readonly #commands: readonly PrepareCommand[];
  #record: PreparationRecord;
  /** Of the command that runs. */
  #tail: OutputTail | null = null;
  #ended: Promise<void> | null = null;

  constructor(parts: PreparationParts, making: Making) {
    this.#parts = parts;
    this.#making = making;
    this.#commands = commandsOf(making.config, making.release);
    this.#record = {
      startedAtMs: parts.clock.now(),
      endedAtMs: null,
      commands: this.#commands.map(({ line }) => waiting(line)),
      dependencies: null,
      failure: null,
    };
  }

  /** As it is now, with what the running command has printed so far. */
  get record(): PreparationRecord {
    const output = this.#tail?.text();
    if (output === undefined) return this.#record;
    const commands = this.#record.commands.map((command) =>
      command.state === 'running' ? { ...command, output } : command,
    );
    return { ...this.#record, commands };
  }

  /** Runs it to its end; a second call waits for the first. */
  run(): Promise<void> {
    this.#ended ??= this.#run();
    return this.#ended;
  }

  /** Ends it at once, with all its processes. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    let failure: string | null;
    try {
      failure = await this.#make();
    } catch (error) {
      // Of the file system: no space, no rights.
      failure = messageOf(error);
    }
    await this.#endMarked();
    this.#save({ endedAtMs: this.#parts.clock.now(), failure });
  }

  /** Why it came to nothing, or null. */
  async #make(): Promise<string | null> {
    this.#save({});
    await this.#endMarked();
    await this.#cleanFolder();
    const before = await this.#list('old');
    for (const [index, command] of this.#commands.entries()) {
      const trouble = await this.#command(index, command);
      if (trouble !== null) return trouble;
    }
    const refusals = await this.#refusals();
    if (refusals.length > 0) return `the release cannot run: ${refusals.join('; ')}`;
    const after = await this.#list('new');
    if (this.#stop.signal.aborted) return 'it was stopped';
    if (before === null || after === null) return null;
    const dependencies = this.#compare(before, after);
    this.#save({ dependencies });
    return this.#pinned(dependencies);
  }

  async #cleanFolder(): Promise<void> {
    const { dir } = this.#making.release;
    await rm(dir, { recursive: true, force: true });
    await mkdir(dirname(dir), { recursive: true, mode: 0o700 });
    await mkdir(dir, { mode: 0o700 });
  }

  async #command(index: number, command: PrepareCommand): Promise<string | null> {
    const { clock } = this.#parts;
    const tail = new OutputTail(Object.values(command.env));
    this.#tail = tail;
    this.#update(index, { state: 'running', startedAtMs: clock.now() });
    const { exitCode, trouble } = await runCommand(command.line, {
      ...this.#surroundings(),
      env: { ...this.#parts.env, ...command.env, ...this.#ownEnv() },
      cwd: command.cwd,
      timeoutMs: command.timeoutMs,
      onOutput: (chunk) => tail.add(chunk),
    });
    this.#tail = null;
    const output = tail.text();
    const state = trouble === null ? 'done' : 'failed';
    this.#update(index, { state, exitCode, endedAtMs: clock.now(), output });
    if (trouble === null) return null;
    const last = lastLines(output);
    const which = `command ${index + 1} of ${this.#commands.length} (${command.line})`;
    return `${which}: ${trouble}${last === '' ? '' : `: ${last}`}`;
  }

  #surroundings(): { readonly signal: AbortSignal; readonly clock: Clock } {
    return { signal: this.#stop.signal, clock: this.#parts.clock };
  }

  #ownEnv(): NodeJS.ProcessEnv {
    const { rollout, release } = this.#making;
    const { service, mark } = rollout;
    return { ...releaseEnv(release), CANARY_SERVICE: service, [ROLLOUT_KEY]: mark };
  }

  /** Null: they are not compared. */
  async #list(which: 'old' | 'new'): Promise<Listed | null> {
    const { rollout, config } = this.#making;
    if (config.dependencies === null) return null;
    const spec = which === 'old' ? rollout.oldSpec : rollout.newSpec;
    const env = { ...this.#parts.env, ...this.#ownEnv() };
    return listPackages(config.dependencies, spec, { ...this.#surroundings(), env });
  }

  #compare(before: Listed, after: Listed): DependencyReport {
    if (!before.ok) return { known: false, reason: `main's: ${before.reason}` };
    if (!after.ok) return { known: false, reason: `the release's: ${after.reason}` };
    const { config, release } = this.#making;
    const changes = diffPackages(before.packages, after.packages);
    const asked = Object.keys(release.values);
    return {
      known: true,
      changes,
      unasked: config.pins === null ? [] : unasked(changes, config.pins, asked),
    };
  }

  /** What the pins refuse. */
  #pinned(report: DependencyReport): string | null {
    if (this.#making.config.pins?.otherwise !== 'refuse') return null;
    if (!report.known) {
      return `which packages the release changes is not known, and pins refuse it: ${report.reason}`;
    }
    return report.unasked.length === 0
      ? null
      : `pins refuse packages that changed without being asked for: ${changesText(report.unasked)}`;
  }

  async #refusals(): Promise<readonly string[]> {
    const { newSpec, config } = this.#making.rollout;
    const main = await this.#parts.pm2.find(config.app);
    return runRefusals(newSpec, main.kind === 'ok' ? main.value.searchPath : '');
  }

  async #endMarked(): Promise<void> {
    const left = markedProcesses(ROLLOUT_KEY, this.#making.rollout.mark);
    await endProcesses(left, 'SIGTERM', GRACE_MS, this.#parts.clock);
  }

  #update(index: number, change: Partial<CommandRecord>): void {
    const commands = this.#record.commands.map((command, at) =>
      at === index ? { ...command, ...change } : command,
    );
    this.#save({ commands });
  }

  #save(change: Partial<PreparationRecord>): void {
    this.#record = { ...this.#record, ...change };
    const { rollout, release } = this.#making;
    this.#parts.save(rollout.id, release.dir, this.#record);
  }
}

function waiting(line: string): CommandRecord {
  const times = { startedAtMs: null, endedAtMs: null };
  return { line, state: 'waiting', exitCode: null, ...times, output: '' };
}
