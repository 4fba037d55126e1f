/**
 * A release that is made without a rollout, to see what becomes of it: as a rollout makes it, in a
 * folder of its own, which is removed again. Main is not touched.
 */
import type { ReleaseWishes } from '../../config/release.js';
import type { ServiceConfig } from '../../config/types.js';
import { applyRelease } from '../pm2/spec.js';
import type { Failure } from '../process-manager.js';
import { because, pm2Away } from '../refusals.js';
import { releaseRefusals } from './plan.js';
import { Preparation, type Making, type PreparationParts } from './preparation.js';
import { removeFolder } from './prune.js';
import type { PreparationRecord } from './record.js';
import { changeFor, releaseFor, wishProblems, type Release } from './release.js';

export interface RehearsalParts extends Omit<PreparationParts, 'save'> {
  /** A short text that has never been given before, on this machine or another. */
  readonly random: () => string;
}

export type PlannedRehearsal =
  | { readonly ok: true; readonly rehearsal: Rehearsal }
  | { readonly ok: false; readonly code: 'usage' | 'refused'; readonly reasons: readonly string[] };

/** Looks whether it can begin; nothing is made yet. */
export async function planRehearsal(
  parts: RehearsalParts,
  service: ServiceConfig,
  wishes: ReleaseWishes,
): Promise<PlannedRehearsal> {
  const { name, app, release: config } = service;
  const problems = wishProblems(name, config, wishes);
  if (config === null || problems.length > 0) {
    const reasons = problems.map((problem) => because('release-values', problem));
    return { ok: false, code: 'usage', reasons };
  }
  const id = `${name}-rehearsal-${parts.random()}`;
  const release = releaseFor(config, id, wishes);
  const main = await parts.pm2.find(app);
  if (main.kind !== 'ok') return { ok: false, code: 'refused', reasons: [withoutMain(main)] };
  const { spec: oldSpec } = main.value;
  const newSpec = applyRelease(oldSpec, changeFor(config, release));
  const reasons = await releaseRefusals(release, newSpec);
  if (reasons.length > 0) return { ok: false, code: 'refused', reasons };
  const rollout = { id, mark: id, service: name, config: service, oldSpec, newSpec };
  return { ok: true, rehearsal: new Rehearsal(parts, { rollout, release, config }) };
}

function withoutMain({ kind, reason }: Failure): string {
  if (kind === 'gone') return because('no-app', reason);
  if (kind === 'refused') return because('several-apps', reason);
  return because('pm2-down', pm2Away(reason));
}

export class Rehearsal {
  readonly release: Release;
  readonly #preparation: Preparation;

  constructor(parts: RehearsalParts, making: Making) {
    this.release = making.release;
    this.#preparation = new Preparation({ ...parts, save: () => undefined }, making);
  }

  /** How far it is, and what came of it. */
  get record(): PreparationRecord {
    return this.#preparation.record;
  }

  /** Makes the release and removes it. Gives why its folder is still there, or null. */
  async run(): Promise<string | null> {
    await this.#preparation.run();
    return removeFolder(this.release.dir);
  }

  /** Ends what runs; {@link run} removes the folder all the same. */
  stop(): Promise<void> {
    return this.#preparation.stop();
  }
}
