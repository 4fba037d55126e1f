/**
 * Makes the operator's own checks of one rollout at their intervals. It never waits: what is due is
 * begun, what has come back is handed over at the next look.
 */
import { dirname } from 'node:path';
import type { CustomCheck } from '../../config/types.js';
import type { CheckEvent } from '../judge/types.js';
import type { Rollout } from '../rollout/rollout.js';
import { measureCommand } from './command.js';
import { measureHttp } from './http.js';
import type { Measurement } from './measurement.js';
import { measureQuery } from './promql.js';

/** Measures a check once, ended by the signal. It must not reject. */
export type Measure = (check: CustomCheck, signal: AbortSignal) => Promise<Measurement>;

export class CheckRunner {
  readonly #checks: readonly CustomCheck[];
  readonly #measure: Measure;
  readonly #now: () => number;
  readonly #startedAtMs = new Map<string, number>();
  readonly #running = new Map<string, AbortController>();
  #stopped = false;
  #arrived: CheckEvent[] = [];

  constructor(checks: readonly CustomCheck[], measure: Measure, now: () => number) {
    this.#checks = checks;
    this.#measure = measure;
    this.#now = now;
  }

  /** Begins what is due; each check once at a time. */
  start(): void {
    const nowMs = this.#now();
    for (const check of this.#checks) {
      const dueAtMs = (this.#startedAtMs.get(check.name) ?? -Infinity) + check.everyMs;
      if (this.#stopped || this.#running.has(check.name) || nowMs < dueAtMs) continue;
      this.#startedAtMs.set(check.name, nowMs);
      void this.#run(check);
    }
  }

  /** What has come back since the last call, in order of time. */
  take(): readonly CheckEvent[] {
    const arrived = this.#arrived;
    this.#arrived = [];
    return arrived;
  }

  /** Ends what is under way. */
  stop(): void {
    this.#stopped = true;
    for (const running of this.#running.values()) running.abort();
  }

  async #run(check: CustomCheck): Promise<void> {
    const running = new AbortController();
    this.#running.set(check.name, running);
    const late = new DOMException('no answer in time', 'TimeoutError');
    const timer = setTimeout(() => running.abort(late), check.timeoutMs);
    const measurement = await this.#measure(check, running.signal);
    clearTimeout(timer);
    this.#running.delete(check.name);
    if (this.#stopped) return;
    this.#arrived.push({ type: 'check', atMs: this.#now(), name: check.name, ...measurement });
  }
}

/** Measures the checks of a rollout for real. `configFile` is where commands run; `env` is what they inherit. */
export function measureFor(
  { id, service, config }: Rollout,
  configFile: string,
  env: NodeJS.ProcessEnv,
): Measure {
  const own = {
    CANARY_SERVICE: service,
    CANARY_ROLLOUT: id,
    CANARY_PORT: String(config.canary.port),
    STABLE_PORT: String(config.stable.port),
  };
  return (check, signal) => {
    const { source } = check;
    switch (source.kind) {
      case 'promql':
        return measureQuery(source, check, signal);
      case 'http':
        return measureHttp(source.url, signal);
      case 'command': {
        const options = { cwd: dirname(configFile), env: { ...env, ...own }, signal };
        return measureCommand(source.line, options);
      }
    }
  };
}
