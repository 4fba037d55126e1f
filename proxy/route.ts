/** What a route says about where things may go. Pure. */
import { TRACKS, type Route, type Track } from '../common/protocol.js';
import type { HostPort } from '../config/types.js';
import type { Weighted } from './split.js';

/** All traffic on stable: what a service has until it is told otherwise. */
export function defaultRoute(stable: HostPort): Route {
  return { tracks: { stable: { host: stable.host, port: stable.port, weight: 1, drain: false } } };
}

/** The tracks that new sessions may be given to, with their weights. */
export function openTracks(route: Route): Weighted<Track>[] {
  return TRACKS.flatMap((track) => {
    const target = route.tracks[track];
    return target && target.weight > 0 && !target.drain
      ? [{ item: track, weight: target.weight }]
      : [];
  });
}

/** A session may stay on the track: it is routed, and is not being emptied. */
export function mayStay(route: Route, track: Track): boolean {
  const target = route.tracks[track];
  return target !== undefined && !target.drain;
}

/**
 * Why a route cannot be served, or null. The schema has been checked before; this is what it
 * cannot say.
 */
export function routeProblem(route: Route): string | null {
  const sum = TRACKS.reduce((total, track) => total + (route.tracks[track]?.weight ?? 0), 0);
  if (Math.abs(sum - 1) > 1e-6) return `the weights add up to ${sum}, they must add up to 1`;
  if (openTracks(route).length === 0)
    return 'every track with weight is being drained: no track is left for new sessions';
  return null;
}
