/** What a canary must pass before it gets traffic, as a rollout that is about to begin has it. */
import { formatProblems } from '../../config/problem.js';
import type { ServiceConfig } from '../../config/types.js';
import type { StartRequest } from '../control/messages.js';
import { readSuite, type Suite } from './suite.js';

export type PlannedSmoke =
  | {
      readonly ok: true;
      readonly config: ServiceConfig;
      /** Null: no calls are made. */
      readonly suite: Suite | null;
    }
  /** Everything that is wrong with the suite file, with its places. */
  | { readonly ok: false; readonly reason: string };

/** The configuration with the request's wishes, and the suite as it stands in its file now. */
export function planSmoke(
  configured: ServiceConfig,
  { skipSmoke, allowBreaking }: Pick<StartRequest, 'skipSmoke' | 'allowBreaking'>,
): PlannedSmoke {
  const { contract } = configured;
  const wished = allowBreaking === true && contract !== null;
  const config: ServiceConfig = {
    ...configured,
    smoke: skipSmoke === true ? null : configured.smoke,
    contract: wished ? { ...contract, breaking: 'allow' } : contract,
  };
  if (config.smoke === null) return { ok: true, config, suite: null };
  const reading = readSuite(config.smoke.suite);
  return reading.ok
    ? { ok: true, config, suite: reading.suite }
    : { ok: false, reason: formatProblems(reading.problems, { color: false }) };
}
