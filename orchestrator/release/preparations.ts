/** The preparations that this orchestrator has begun, one a rollout. What is not here was not begun, or by an orchestrator before. */
import type { Logger } from '../../common/log.js';
import type { Rollout } from '../rollout/rollout.js';
import { Preparation, type PreparationParts } from './preparation.js';
import { stateOf, type PreparationRecord, type PreparationState } from './record.js';

export class Preparations {
  readonly #parts: PreparationParts;
  readonly #log: Logger;
  readonly #begun = new Map<string, Preparation>();

  constructor(parts: PreparationParts, log: Logger) {
    this.#parts = parts;
    this.#log = log;
  }

  /** Begins a rollout's preparation, and does not wait for it. One that was begun goes on. */
  begin(rollout: Rollout): void {
    const { id, release, config } = rollout;
    if (this.#begun.has(id) || release === null || config.release === null) return;
    const making = { rollout, release, config: config.release };
    const preparation = new Preparation(this.#parts, making);
    this.#begun.set(id, preparation);
    preparation.run().catch((error: unknown) => {
      // A full disk under the store: the next look begins anew.
      this.#begun.delete(id);
      this.#log.error({ rollout: id, err: error }, 'a preparation failed');
    });
  }

  /** Null: it is not begun. */
  stateOf(rolloutId: string): PreparationState | null {
    const preparation = this.#begun.get(rolloutId);
    return preparation === undefined ? null : stateOf(preparation.record);
  }

  /** Of one that is begun, as it is now; null for others. */
  record(rolloutId: string): PreparationRecord | null {
    return this.#begun.get(rolloutId)?.record ?? null;
  }

  /** Ends a rollout's preparation, if there is one, and forgets it. */
  async stop(rolloutId: string): Promise<void> {
    const preparation = this.#begun.get(rolloutId);
    await preparation?.stop();
    this.#begun.delete(rolloutId);
  }

  /** Ends all: they begin anew with the next orchestrator. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#begun.values()].map((preparation) => preparation.stop()));
  }
}
