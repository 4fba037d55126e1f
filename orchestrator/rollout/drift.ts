/**
 * Drift: what another hand did with pm2 to main or the canary in mid-rollout (pure). What is seen is
 * compared with what was seen last (witness.ts), which is stored with the rollout: so it is found also
 * when the orchestrator was not there.
 *
 * PM2 notes when it was last told to start an app (`created_at`, which its own restart after a crash
 * leaves as it is; God.resetState of PM2). That tells an ordered restart from a crash. A restart for
 * memory, by `cron_restart` or by `watch` was configured and is no drift, nor is what comes of
 * another daemon, which has started all its apps.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DaemonDeeds } from '../monitor/daemon-log.js';
import { diffSpec, type AppSpec } from '../pm2/spec.js';
import { sameLife } from '../proc/instance.js';
import { isEnding, type DaemonView, type InstanceView, type Observation } from './observation.js';
import { specOfMain } from './main-spec.js';
import type { Rollout } from './rollout.js';
import { keepsWitness, witnessed, type WitnessedApp } from './witness.js';

export interface Drift {
  readonly app: 'main' | 'canary';
  /**
   * `gone`, `stopped` and `several` are so as long as it is not put right; the others happened once.
   */
  readonly what: 'gone' | 'stopped' | 'several' | 'replaced' | 'edited' | 'restarted';
  /** In plain words, without secrets. */
  readonly sentence: string;
}

type DaemonUp = Extract<DaemonView, { kind: 'up' }>;

const APPS = ['main', 'canary'] as const;

/** What another hand did, the worst first; null when all is as it was left. */
export function driftOf(rollout: Rollout, { daemon, deeds }: Observation): Drift | null {
  if (daemon.kind === 'down') return null;
  const { config } = rollout;
  return (
    absentMain(daemon) ??
    scaled('main', config.app, daemon.mainCount) ??
    stoppedMain(daemon, deeds.stops) ??
    changed(rollout, daemon, deeds) ??
    scaled('canary', config.canaryApp, daemon.canaryCount)
  );
}

/** That main or the canary was given other settings, or null. */
export function editOf(rollout: Rollout, { daemon, deeds }: Observation): Drift | null {
  if (daemon.kind === 'down') return null;
  const changes = APPS.map((app) => changeOf(app, rollout, daemon, deeds));
  return changes.find((change) => change?.what === 'edited') ?? null;
}

/**
 * The rollout with what this look showed. An app that another hand has changed stays as it was until
 * that is answered, and so does one that is in between. A canary that is gone is forgotten: if there
 * is another, it was made by us.
 */
export function witnessing(
  rollout: Rollout,
  { daemon, deeds }: Pick<Observation, 'daemon' | 'deeds'>,
): Rollout {
  const { phase } = rollout;
  if (daemon.kind === 'down' || !keepsWitness(phase, phase)) return rollout;
  const next = (app: Drift['app']): WitnessedApp | null => {
    const seen = changeOf(app, rollout, daemon, deeds) === null ? witnessed(daemon, app) : null;
    return seen ?? rollout.witness?.[app] ?? null;
  };
  const witness = { main: next('main'), canary: daemon.canary && next('canary') };
  return isDeepStrictEqual(witness, rollout.witness) ? rollout : { ...rollout, witness };
}

function absentMain({ main }: DaemonUp): Drift | null {
  if (main !== null) return null;
  return { app: 'main', what: 'gone', sentence: 'main was deleted from PM2 by another hand' };
}

function scaled(app: Drift['app'], name: string, count: number): Drift | null {
  if (count <= 1) return null;
  const sentence = `${app} was scaled by another hand: PM2 has ${count} apps ${name}, wanted one`;
  return { app, what: 'several', sentence };
}

function stoppedMain({ main }: DaemonUp, stops: ReadonlySet<number>): Drift | null {
  if (main?.status !== 'stopped' || main.life !== null) return null;
  const sentence = stops.has(main.app.pmId)
    ? 'main was stopped by another hand'
    : 'main ended, and PM2 does not restart it';
  return { app: 'main', what: 'stopped', sentence };
}

function changed(rollout: Rollout, daemon: DaemonUp, deeds: DaemonDeeds): Drift | null {
  return changeOf('main', rollout, daemon, deeds) ?? changeOf('canary', rollout, daemon, deeds);
}

/** What another hand made of an app that runs. */
function changeOf(
  app: Drift['app'],
  rollout: Rollout,
  daemon: DaemonUp,
  { memoryRestarts }: DaemonDeeds,
): Drift | null {
  const seen = daemon[app];
  if (seen?.life == null || isEnding(seen)) return null;
  const last = rollout.witness?.[app] ?? null;
  const before = last?.daemonStartedAtMs === daemon.startedAtMs ? last : null;
  const specBefore = last?.spec ?? (app === 'main' ? specOfMain(rollout) : seen.app.spec);
  return compared(app, before, specBefore, seen, memoryRestarts.has(seen.app.pmId));
}

function compared(
  app: Drift['app'],
  before: WitnessedApp | null,
  specBefore: AppSpec,
  seen: InstanceView,
  forMemory: boolean,
): Drift | null {
  const edits = editsOf(specBefore, seen.app.spec);
  const replaced = before !== null && before.uniqueId !== seen.app.uniqueId;
  const restarted = before !== null && !forMemory && wasOrdered(before, seen);
  if (!replaced && !restarted) {
    if (edits === null) return null;
    return { app, what: 'edited', sentence: `${app} was edited by another hand: ${edits} changed` };
  }
  const deed = replaced ? 'deleted and started anew' : 'restarted';
  const at = new Date(seen.startedAtMs).toISOString();
  const other = edits === null ? '' : `; ${edits} changed`;
  const sentence = `${app} was ${deed} by another hand at ${at}: ${pidsOf(before, seen)}${other}`;
  return { app, what: edits !== null ? 'edited' : replaced ? 'replaced' : 'restarted', sentence };
}

function pidsOf(before: WitnessedApp, { life }: InstanceView): string {
  return `pid ${before.life?.pid ?? '-'} -> ${life?.pid ?? '-'}`;
}

function wasOrdered(before: WitnessedApp, { life, app }: InstanceView): boolean {
  if (sameLife(before.life, life) || app.restartsByItself) return false;
  return app.orderedAtMs !== null && app.orderedAtMs !== before.orderedAtMs;
}

const MAX_EDITS_NAMED = 6;

/** The names of what differs, never the values; null when nothing does. */
function editsOf(before: AppSpec, after: AppSpec): string | null {
  const names = diffSpec(before, after).map(({ field }) => field.replace(/^env\./, 'env '));
  if (names.length === 0) return null;
  const named = names.slice(0, MAX_EDITS_NAMED).join(', ');
  const more = names.length - MAX_EDITS_NAMED;
  return more > 0 ? `${named} and ${more} more` : named;
}
