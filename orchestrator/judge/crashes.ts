/** Crashes: a canary that ends or is restarted without PM2 having been told to fails at once. */
import { failure, type Check, type Finding } from './check.js';
import type { EvidenceEvent, ExitEvent, ProcessEvent } from './types.js';

export class CrashCheck implements Check {
  #failure: Finding | null = null;
  #samples = 0;
  #restarts: number | null = null;
  #stableExits = 0;

  add(event: EvidenceEvent): void {
    if (event.type === 'exit') this.#exited(event);
    else if (event.type === 'process' && event.track === 'canary') this.#sampled(event);
  }

  assess(): Finding {
    if (this.#failure !== null) return this.#failure;
    const numbers = { exits: 0, restarts: 0, stableExits: this.#stableExits };
    return this.#samples === 0
      ? this.#says('inconclusive', 'the canary process was never seen', numbers)
      : this.#says('pass', 'the canary did not exit or restart', numbers);
  }

  #exited({ atMs, track, code, cause }: ExitEvent): void {
    if (track !== 'canary') {
      this.#stableExits += 1;
      return;
    }
    if (cause === 'ordered') {
      // What the restart counts up to is not held against the release.
      this.#restarts = null;
      return;
    }
    const why = cause === undefined ? `exit code ${code ?? 'unknown'}` : cause;
    this.#fail(atMs, `the canary process ended (${why})`, { exits: 1, restarts: 0 });
  }

  #sampled({ atMs, restarts }: ProcessEvent): void {
    this.#samples += 1;
    const before = this.#restarts ?? restarts;
    this.#restarts = restarts;
    if (restarts <= before) return;
    const times = restarts - before;
    this.#fail(atMs, `the canary was restarted (${times} times)`, { exits: 0, restarts: times });
  }

  #fail(atMs: number, reason: string, numbers: Record<string, number>): void {
    this.#failure ??= failure('crashes', atMs, reason, {
      ...numbers,
      stableExits: this.#stableExits,
    });
  }

  #says(state: 'pass' | 'inconclusive', reason: string, numbers: Record<string, number>): Finding {
    return { check: 'crashes', state, reason, numbers, settled: state === 'pass' };
  }
}
