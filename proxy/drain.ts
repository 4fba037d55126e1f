/**
 * How a service's door closes so that its clients hardly notice, within a limit:
 *
 * 1. For a moment everything is as ever, but answers bear `Connection: close`: clients that are at
 *    work leave by themselves, and no request crosses the close of its idle connection.
 * 2. No new connections; calls under way may finish, and who has just connected gets an answer.
 *    Streams stay, for the calls' sake.
 * 3. Calls that did not finish are answered so (`LiveCall.stop`), streams are ended: their clients
 *    come back.
 */
import type { Clock } from '../common/clock.js';
import { TRACKS } from '../common/protocol.js';
import type { ClientStreams } from './client-streams.js';
import type { Listener } from './listener.js';
import type { Stoppable, Tracks } from './tracks.js';

/** What is left of PM2's kill time-out for the rest: the streams' ends, the store's. */
const KILL_MARGIN_MS = 700;

/**
 * How long calls may take to finish: what is configured, and not so long that PM2 kills the process.
 * @param env PM2 gives an app its settings as variables; it sends SIGKILL `kill_timeout` ms after the signal.
 */
export function drainLimitMs(configuredMs: number, env: NodeJS.ProcessEnv): number {
  const killTimeoutMs = Number(env['kill_timeout'] || Infinity);
  if (!(killTimeoutMs > 0)) return configuredMs;
  return Math.max(0, Math.min(configuredMs, killTimeoutMs - KILL_MARGIN_MS));
}

/** What came of it. */
export interface Drained {
  /** Calls that did not finish in time. */
  readonly cut: number;
  /** Streams that were ended. */
  readonly streams: number;
  readonly tookMs: number;
}

export interface DrainParts {
  readonly listener: Listener;
  readonly tracks: Tracks;
  readonly streams: ClientStreams;
  /** Those that wait for an instance are on no track. */
  readonly posts: ReadonlySet<Stoppable>;
  readonly clock: Clock;
}

const LOOSEN_MS = 250;
/** Of the limit, at most this share for it. */
const LOOSEN_SHARE = 0.25;
/** How long one who has connected may take to ask for something. */
const FRESH_MS = 500;
/** How long what was written last may take to reach its clients. */
const FLUSH_MS = 250;
const POLL_MS = 10;

/** Closes the door; after `limitMs` and a moment nothing is left. Never rejects. */
export async function drain(parts: DrainParts, limitMs: number): Promise<Drained> {
  const { listener, streams, clock } = parts;
  const startedAt = performance.now();
  listener.loosen();
  if (listener.isListening) await clock.sleep(Math.min(LOOSEN_MS, limitMs * LOOSEN_SHARE));
  listener.shut();
  const isIdle = (): boolean => underWay(parts) === 0;
  const freshMs = Math.min(FRESH_MS, limitMs * LOOSEN_SHARE);
  await until(() => listener.freshConnections === 0, performance.now() + freshMs, clock);
  await until(isIdle, startedAt + limitMs, clock);
  const cut = underWay(parts);
  for (const call of waitedFor(parts)) call.stop('closing');
  await until(isIdle, performance.now() + FLUSH_MS, clock);
  const ended = streams.size;
  streams.endAll();
  await until(() => streams.size === 0, performance.now() + FLUSH_MS, clock);
  listener.closeConnections();
  return { cut, streams: ended, tookMs: Math.round(performance.now() - startedAt) };
}

/** Calls without an answer, on an instance or on their way to one. */
function waitedFor({ tracks, posts }: DrainParts): ReadonlySet<Stoppable> {
  return new Set([...posts, ...TRACKS.flatMap((track) => [...tracks.meter(track).live])]);
}

/** Answers that are waited for: on their own connections, or (legacy SSE) on a stream. */
function underWay({ listener, tracks, streams }: DrainParts): number {
  const live = TRACKS.reduce((sum, track) => sum + tracks.meter(track).live.size, 0);
  return Math.max(listener.answering - streams.size, live);
}

async function until(isDone: () => boolean, deadline: number, clock: Clock): Promise<void> {
  while (!isDone() && performance.now() < deadline) await clock.sleep(POLL_MS);
}
