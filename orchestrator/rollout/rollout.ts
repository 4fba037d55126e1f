/** A rollout: the plan that was frozen at its start, and where it stands. */
import type { ServiceConfig } from '../../config/types.js';
import type { AppSpec, ReleaseChange } from '../pm2/spec.js';
import type { Release } from '../release/release.js';
import type { SmokeResult } from '../smoke/report.js';
import type { Suite } from '../smoke/suite.js';
import type { Move } from './decision.js';
import { canMove, isEnded, type Phase, type PhaseKind } from './phase.js';
import { keepsWitness, type Witness } from './witness.js';

/** What a person can ask of a rollout that is under way. */
export const REQUEST_KINDS = ['promote', 'rollback', 'pause', 'resume'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

export interface Request {
  readonly kind: RequestKind;
  readonly reason: string | null;
  readonly atMs: number;
}

/** What an MCP server says of itself when a session is opened. */
export interface ServerInfo {
  readonly name: string;
  readonly version: string;
  readonly protocolVersion: string;
  /** As paths: `tools`, `resources.subscribe`. */
  readonly capabilities: readonly string[];
}

export interface Rollout {
  readonly id: string;
  /**
   * What the canary's processes carry in their environment. Ids are counted in each state folder;
   * this is like no other rollout's on the machine.
   */
  readonly mark: string;
  readonly service: string;
  /** Who or what began it, as people are told: `a person`, `run-3 (schedule nightly)`. */
  readonly startedBy: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** The service's configuration with the start command's wishes, as it was at the start. */
  readonly config: ServiceConfig;
  /** What main ran before: it gets this back. Holds the app's environment, so it is never shown. */
  readonly oldSpec: AppSpec;
  /** What the release changes in main's spec. May hold secrets, so it is never shown. */
  readonly change: ReleaseChange;
  /** What main shall run. Holds the app's environment, so it is never shown. */
  readonly newSpec: AppSpec;
  /** What is made before the canary starts; null: the release is there already. */
  readonly release: Release | null;
  readonly phase: Phase;
  /** A person's order that the next decision takes up. */
  readonly request: Request | null;
  /** How the canary introduced itself: main must do so too after the promotion. */
  readonly canaryServer: ServerInfo | null;
  /** How main and the canary were seen last. Holds their specs, so it is never shown. */
  readonly witness: Witness | null;
  /** What a person should see to after the end. */
  readonly warnings: readonly string[];
  /** The calls of the smoke test as they were at the start. May hold secrets, so it is never shown. */
  readonly suite: Suite | null;
  /** What the smoke test and the contract check found; null before they are over. */
  readonly smoke: SmokeResult | null;
}

/** What the service's rollout with that number is called. */
export function rolloutIdOf(service: string, number: number): string {
  return `${service}-${number}`;
}

/** The phases up to the first traffic. */
const BEFORE_TRAFFIC: ReadonlySet<PhaseKind> = new Set(['starting', 'smoking', 'observing']);

/**
 * The rollout in its next phase. A person's request outlives only a move on the way to the first
 * traffic (asked for while the release was prepared or the canary started or tested): in any other
 * new phase it could mean something else.
 * @throws Error when the table has no such move: that is a bug.
 */
export function moved(rollout: Rollout, made: Move, nowMs: number): Rollout {
  const { to, answersRequest } = made;
  const from = rollout.phase.kind;
  if (!canMove(from, to.kind)) throw new Error(`no move from ${from} to ${to.kind}`);
  const keeps = BEFORE_TRAFFIC.has(to.kind) && !answersRequest;
  return {
    ...rollout,
    phase: to,
    request: keeps ? rollout.request : null,
    endedAtMs: isEnded(to) ? nowMs : null,
    witness: keepsWitness(rollout.phase, to) ? (made.witness ?? rollout.witness) : null,
  };
}

/** True when main has been given the new release, or may have been. */
export function mainTouched(phase: Phase): boolean {
  switch (phase.kind) {
    case 'promoting':
      return phase.stage !== 'leaving-main';
    case 'rolling-back':
      return phase.mainTouched;
    case 'held':
      return phase.why === 'main-down';
    case 'baking':
    case 'retiring':
    case 'promoted':
      return true;
    case 'preparing':
    case 'starting':
    case 'smoking':
    case 'observing':
    case 'rolled-back':
      return false;
  }
}
