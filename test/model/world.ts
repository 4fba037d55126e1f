/**
 * The model's world: PM2 with its daemon, main, the canary and a baseline, the proxy, what each
 * track carries, and what runs beside the loop. Small enough to be walked through completely, and
 * changed by plain functions. What happens by itself, by accident or by another hand is in events.ts.
 */
import type { Route } from '../../common/protocol.js';
import type { ServiceConfig } from '../../config/types.js';
import type { Action } from '../../orchestrator/rollout/decision.js';
import type { AppSpec } from '../../orchestrator/pm2/spec.js';
import { hasOtherRelease } from '../../orchestrator/rollout/main-spec.js';
import type { Rollout } from '../../orchestrator/rollout/rollout.js';
import { stableOnly } from '../../orchestrator/rollout/route.js';
import { newSpec, oldSpec } from '../orchestrator/rollout/simulation.js';

/** What PM2 was told to run: one of the rollout's two, or what another hand made of main. */
export type Release = 'old' | 'new' | 'edited';

export const SPECS: Readonly<Record<Release, AppSpec>> = {
  old: oldSpec,
  new: newSpec,
  edited: { ...oldSpec, env: { ...oldSpec.env, EDITED: '1' } },
};

export interface App {
  readonly release: Release;
  /** Null without a process. Lives, orders and ids are only ever compared. */
  readonly life: number | null;
  /** The process answers as it should. */
  readonly serves: boolean;
  /** It has served since it was given its release. */
  readonly proven: boolean;
  readonly status: 'online' | 'stopped' | 'errored';
  readonly order: number;
  readonly id: number;
  /** Another hand stopped it, and PM2's log says so. */
  readonly stoppedByHand: boolean;
}

export const APP_NAMES = ['main', 'canary', 'baseline'] as const;
export type AppName = (typeof APP_NAMES)[number];

export interface World extends Readonly<Record<AppName, App | null>> {
  /** Which daemon it is. */
  readonly daemon: number;
  /** A life of main that PM2 has lost sight of: nobody else can serve on main's port. */
  readonly orphan: number | null;
  readonly daemonAnswers: boolean;
  /** What the next daemon would start as main. */
  readonly dump: Release;
  readonly proxyAnswers: boolean;
  readonly route: Route;
  readonly carries: { readonly stable: boolean; readonly canary: boolean };
  readonly preparation: 'none' | 'running' | 'failed' | 'done';
  readonly smoke: 'none' | 'running' | 'failed' | 'passed';
  /** The next life, order or id. */
  readonly next: number;
}

/** Before the rollout: main serves on the old release, and has all traffic. */
export function worldBefore(config: ServiceConfig): World {
  const main: App = {
    release: 'old',
    life: 1,
    serves: true,
    proven: true,
    status: 'online',
    order: 1,
    id: 1,
    stoppedByHand: false,
  };
  return {
    main,
    canary: null,
    baseline: null,
    daemon: 1,
    orphan: null,
    daemonAnswers: true,
    dump: 'old',
    proxyAnswers: true,
    route: stableOnly(config),
    carries: { stable: true, canary: false },
    preparation: 'none',
    smoke: 'none',
    next: 2,
  };
}

/** A new process, because PM2 was told to. It has yet to serve. */
export function started(world: World, name: AppName, release: Release): World {
  const { next } = world;
  const before = world[name];
  const app: App = {
    release,
    life: next,
    serves: false,
    proven: before?.release === release && before.proven,
    status: 'online',
    order: next,
    id: before?.id ?? next,
    stoppedByHand: false,
  };
  return { ...world, [name]: app, next: next + 1 };
}

export function changed(world: World, name: AppName, change: Partial<App>): World {
  const app = world[name];
  return app === null ? world : { ...world, [name]: { ...app, ...change } };
}

/** What an action does to the world when nothing fails; null when it cannot be done. */
export function performed(world: World, action: Action, rollout: Rollout): World | null {
  switch (action.kind) {
    case 'set-route':
      return world.proxyAnswers ? routed(world, action.route) : null;
    case 'prepare':
      return { ...world, preparation: 'running' };
    case 'stop-preparing':
      return { ...world, preparation: 'none' };
    case 'smoke':
      return world.smoke === 'none' ? { ...world, smoke: 'running' } : world;
    case 'start':
      return made(world, action.track);
    case 'respec-main':
      return respecced(world, action);
    case 'tidy-up':
      return tidied(world, rollout);
  }
}

function made(world: World, track: 'canary' | 'baseline'): World | null {
  if (!world.daemonAnswers || world.main === null) return null;
  if (world[track] !== null) return world;
  return started(world, track, track === 'canary' ? 'new' : 'old');
}

/** Whatever main was before: it has to be proven anew. */
function respecced(
  world: World,
  { release, orphan }: Extract<Action, { kind: 'respec-main' }>,
): World | null {
  if (!world.daemonAnswers || world.main === null) return null;
  const left = orphan?.pid === world.orphan ? null : world.orphan;
  const restarted = changed(started(world, 'main', release), 'main', { proven: false });
  return { ...restarted, orphan: left };
}

/** perform.ts looks at main before it says that all is in order. */
function tidied(world: World, rollout: Rollout): World | null {
  const { main } = world;
  if (!world.daemonAnswers) return null;
  if (rollout.phase.kind === 'retiring' && main?.release !== 'new') return null;
  if (main !== null && hasOtherRelease(rollout, SPECS[main.release])) return null;
  const dump = main?.release ?? world.dump;
  return { ...world, canary: null, baseline: null, dump, preparation: 'none', smoke: 'none' };
}

/** A track that may be given traffic is taken to have some at once. */
function routed(world: World, route: Route): World {
  const { stable, canary } = route.tracks;
  const carries = {
    stable: world.carries.stable || stable.weight > 0,
    canary: canary !== undefined && (world.carries.canary || canary.weight > 0),
  };
  return { ...world, route, carries };
}

/** The one track that everybody new is sent to, null when there are several. */
export function onlyTrack({ tracks }: Route): AppName | null {
  const names = { main: tracks.stable, canary: tracks.canary, baseline: tracks.baseline };
  const used = APP_NAMES.filter((name) => (names[name]?.weight ?? 0) > 0);
  return used.length === 1 ? used[0]! : null;
}
