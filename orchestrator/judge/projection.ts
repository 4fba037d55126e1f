/**
 * What a canary's growth means: is it the canary's own, and when would it reach the limit if the
 * canary had all the traffic?
 */
import { growthOf, type Growth } from './growth.js';
import type { RssSeries } from './rss-series.js';

const HOUR_MS = 3_600_000;

/** A trend is trusted for so many times as long as it was seen. */
const TRUSTED = 12;

/** With fewer sessions (or calls) on the canary its share of the traffic is the configured one. */
const LEAST_TO_SHARE = 10;

/** Variances that differ by a larger factor are not pooled. */
const ALIKE = 4;

/** So many standard errors below its estimate must the growth still reach the limit in time. */
const CAUTION = 0.5;

export interface Side {
  readonly growth: Growth;
  readonly rssBytes: number;
  readonly seenMs: number;
  readonly sessions: number;
  readonly calls: number;
}

export interface Projection {
  /** The canary's growth beyond stable's per session, in standard errors. */
  readonly excess: number;
  readonly bytesPerHour: number;
  readonly bytesPerSession: number | null;
  readonly bytesPerCall: number | null;
  readonly stableBytesPerHour: number | null;
  /** Until the limit with all the traffic on the canary; null: never. */
  readonly toLimitMs: number | null;
  /** The time within which the limit matters and the trend can be trusted. */
  readonly horizonMs: number;
  /** The limit is reached within the horizon, by the canary and not by stable. */
  readonly reaches: boolean;
  /** Even the fastest growth that z standard errors allow does not reach the limit in time. */
  readonly safe: boolean;
}

export interface Limits {
  readonly limitBytes: number | null;
  readonly horizonMs: number;
  /** The configured share, for want of a seen one. */
  readonly weight: number;
  /** Standard errors that make a difference certain. */
  readonly z: number;
}

/** The part of a series that a projection needs; null while there is no trend. */
export function sideOf(series: RssSeries): Side | null {
  const growth = growthOf(series);
  const [first, last] = [series.spans[0], series.spans.at(-1)];
  if (growth === null || first === undefined || last === undefined) return null;
  return {
    growth,
    rssBytes: last.rssBytes,
    seenMs: (last.index - first.index) * series.spanMs,
    sessions: last.sessionsOpened - first.sessionsOpened,
    calls: last.calls - first.calls,
  };
}

export function project(canary: Side, stable: Side | null, limits: Limits): Projection {
  const share = shareOf(canary, stable, limits.weight);
  const { bytesPerHour } = canary.growth;
  const standardError = errorOf(canary.growth, stable?.growth ?? null);
  const horizonMs = Math.min(limits.horizonMs, TRUSTED * canary.seenMs);
  const reachesBy = (side: Side, perHour: number, part: number) =>
    toLimit(side, perHour / part, limits.limitBytes) <= horizonMs;
  const own = stable === null || canary.growth.averagePerHour > stable.growth.averagePerHour;
  const stableToo =
    stable !== null &&
    share < 1 &&
    stable.growth.bytesPerHour > 2 * stable.growth.standardError &&
    reachesBy(stable, stable.growth.bytesPerHour, 1 - share);
  const toLimitMs = toLimit(canary, bytesPerHour / share, limits.limitBytes);
  return {
    excess: excessOf(canary, stable, standardError, share),
    bytesPerHour,
    bytesPerSession: perUnit(canary, canary.sessions),
    bytesPerCall: perUnit(canary, canary.calls),
    stableBytesPerHour: stable?.growth.bytesPerHour ?? null,
    toLimitMs: Number.isFinite(toLimitMs) ? toLimitMs : null,
    horizonMs,
    reaches: own && !stableToo && reachesBy(canary, bytesPerHour - CAUTION * standardError, share),
    safe: !reachesBy(canary, bytesPerHour + limits.z * standardError, share),
  };
}

/**
 * The standard error of the canary's growth. The same program makes the same noise, so stable's is
 * pooled with the canary's unless the two plainly differ.
 */
function errorOf(canary: Growth, stable: Growth | null): number {
  if (stable === null) return canary.standardError;
  const [own, other] = [canary.standardError ** 2, stable.standardError ** 2];
  if (Math.max(own, other) > ALIKE * Math.min(own, other)) return canary.standardError;
  const weights = canary.degreesOfFreedom + stable.degreesOfFreedom;
  return Math.sqrt((canary.degreesOfFreedom * own + stable.degreesOfFreedom * other) / weights);
}

/** Stable's growth is scaled to the canary's sessions before it is taken off. */
function excessOf(canary: Side, stable: Side | null, error: number, share: number): number {
  const { bytesPerHour } = canary.growth;
  if (stable === null || share >= 1) return bytesPerHour / error;
  const scale = share / (1 - share);
  const both = Math.hypot(error, scale * stable.growth.standardError);
  return (bytesPerHour - scale * stable.growth.bytesPerHour) / both;
}

/** The canary's share of the traffic: of sessions, else of calls, else as configured. */
function shareOf(canary: Side, stable: Side | null, weight: number): number {
  if (canary.sessions >= LEAST_TO_SHARE) {
    return canary.sessions / (canary.sessions + (stable?.sessions ?? 0));
  }
  if (canary.calls >= LEAST_TO_SHARE) return canary.calls / (canary.calls + (stable?.calls ?? 0));
  return weight > 0 ? Math.min(1, weight) : 1;
}

function toLimit(side: Side, bytesPerHour: number, limitBytes: number | null): number {
  if (limitBytes === null || bytesPerHour <= 0) return Infinity;
  return (Math.max(0, limitBytes - side.rssBytes) / bytesPerHour) * HOUR_MS;
}

function perUnit({ growth, seenMs }: Side, units: number): number | null {
  return units === 0 ? null : (growth.bytesPerHour * seenMs) / HOUR_MS / units;
}
