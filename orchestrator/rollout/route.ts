/** The route that a phase wants, and whether a track is empty (pure). */
import { TRACKS, type Route, type TrackRoute } from '../../common/protocol.js';
import type { HostPort, ServiceConfig } from '../../config/types.js';
import type { Phase } from './phase.js';
import type { Rollout } from './rollout.js';

/** All traffic to main, no other track known: the route of a service without a rollout. */
export function stableOnly(config: ServiceConfig): Route {
  return { tracks: { stable: track(config.stable, 1) } };
}

/**
 * The route that belongs to a rollout's phase. It depends on nothing else, so the proxy can be
 * put right from the stored phase alone after any crash.
 */
export function routeFor({ config, phase }: Rollout): Route {
  switch (phase.kind) {
    case 'observing':
      return split(config, weightOf(config, phase.step));
    case 'held':
      return phase.why === 'main-down'
        ? canaryCarries(config)
        : split(config, weightOf(config, phase.step));
    case 'promoting':
    case 'rolling-back':
      return stageRoute(config, phase);
    case 'baking':
      return split(config, 0);
    case 'preparing':
    case 'starting':
    case 'smoking':
    case 'retiring':
    case 'promoted':
    case 'rolled-back':
      return stableOnly(config);
  }
}

function stageRoute(
  config: ServiceConfig,
  { stage }: Extract<Phase, { kind: 'promoting' | 'rolling-back' }>,
): Route {
  switch (stage) {
    case 'leaving-main':
    case 'restarting-main':
      return canaryCarries(config);
    case 'returning':
      return {
        tracks: { stable: track(config.stable, 1), canary: track(config.canary, 0, true) },
      };
    case 'removing':
      return stableOnly(config);
  }
}

function canaryCarries(config: ServiceConfig): Route {
  return { tracks: { stable: track(config.stable, 0, true), canary: track(config.canary, 1) } };
}

/** A baseline gets as much as the canary; of a canary's share above a half, what is left. */
function split(config: ServiceConfig, weight: number): Route {
  const canary = track(config.canary, weight);
  if (config.baseline === null || weight === 0) {
    return { tracks: { stable: track(config.stable, 1 - weight), canary } };
  }
  const baseline = track(config.baseline.at, Math.min(weight, 1 - weight));
  const stable = track(config.stable, 1 - weight - baseline.weight);
  return { tracks: { stable, canary, baseline } };
}

function track({ host, port }: HostPort, weight: number, drain = false): TrackRoute {
  return { host, port, weight, drain };
}

function weightOf(config: ServiceConfig, step: number): number {
  return config.steps[step]?.weight ?? 0;
}

/** True when both say the same of every track. */
export function sameRoute(a: Route, b: Route): boolean {
  return TRACKS.every((name) => sameTrack(a.tracks[name], b.tracks[name]));
}

function sameTrack(a: TrackRoute | undefined, b: TrackRoute | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.host === b.host && a.port === b.port && a.weight === b.weight && a.drain === b.drain;
}
