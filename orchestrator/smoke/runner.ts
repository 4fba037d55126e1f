/**
 * The smoke tests of the rollouts that are being tested. A test takes longer than a look at the
 * world may, so it runs beside the loop: it is begun once, looked at, and ended with its rollout.
 */
import type { Clock } from '../../common/clock.js';
import type { Rollout } from '../rollout/rollout.js';
import type { SmokeResult } from './report.js';
import { testCanary } from './smoke.js';

/** How far a test has come. */
export type SmokeProgress =
  | { readonly kind: 'running'; readonly at: string }
  | { readonly kind: 'over'; readonly result: SmokeResult };

interface Test {
  readonly ending: AbortController;
  progress: SmokeProgress;
}

export class SmokeRunner {
  readonly #clock: Clock;
  readonly #tests = new Map<string, Test>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a rollout's test, unless it has begun. At the deadline it is ended. */
  begin(rollout: Rollout, deadlineMs: number): void {
    if (this.#tests.has(rollout.id)) return;
    const ending = new AbortController();
    const test: Test = { ending, progress: { kind: 'running', at: 'the handshake' } };
    this.#tests.set(rollout.id, test);
    void this.#run(rollout, test, deadlineMs);
  }

  /** Null: none has begun. */
  progress(rolloutId: string): SmokeProgress | null {
    return this.#tests.get(rolloutId)?.progress ?? null;
  }

  /** Ends a rollout's test, if there is one, and forgets it. */
  end(rolloutId: string): void {
    this.#tests.get(rolloutId)?.ending.abort(new Error('the rollout went on'));
    this.#tests.delete(rolloutId);
  }

  /** Ends all tests. */
  endAll(): void {
    for (const rolloutId of [...this.#tests.keys()]) this.end(rolloutId);
  }

  async #run(rollout: Rollout, test: Test, deadlineMs: number): Promise<void> {
    const clock = this.#clock;
    const { signal } = test.ending;
    const late = new Error('the time for the smoke test is up');
    void clock
      .sleep(Math.max(0, deadlineMs - clock.now()), signal)
      .then(() => test.ending.abort(late));
    const onProgress = (at: string): void => {
      test.progress = { kind: 'running', at };
    };
    const parts = { clock, signal, onProgress };
    const result = await testCanary(rollout.config, rollout.suite, parts).catch(
      (error: unknown): SmokeResult => ({
        passed: false,
        reason: `the smoke test itself failed: ${String(error)}`,
        suite: null,
        contract: null,
        endedAtMs: clock.now(),
      }),
    );
    test.progress = { kind: 'over', result };
    test.ending.abort();
  }
}
