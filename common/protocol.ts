/**
 * The contract between the two processes, and all that they share: what the orchestrator tells
 * canary-proxy (routes) and what it learns from it (states, finished calls), as JSON over HTTP on
 * the proxy's admin unix socket.
 *
 *   GET /v1/state                                   → ProxyState
 *   PUT /v1/services/NAME/route       Route         → ServiceState   (stored before it is answered)
 *   PUT /v1/services/NAME/listening   { listening: boolean }   → ServiceState   (after the drain; not stored)
 *   GET /v1/services/NAME/calls?after=SEQ&limit=N   → CallPage
 *   GET /v1/services/NAME/negotiated                → NegotiatedState
 *   POST /v1/reload                                 → {}             (once the next process is loaded; it has another pid)
 *
 * Every error answer is `{ "error": { "code", "message" } }` with a 4xx or 5xx status.
 */
import { z } from 'zod';

/**
 * The instances that can serve one service at the same time: main (`stable`), the release under
 * test (`canary`), and a fresh instance of the old release that the canary is compared with
 * (`baseline`).
 */
export const TRACKS = ['stable', 'canary', 'baseline'] as const;
export type Track = (typeof TRACKS)[number];

/**
 * How a call ended, seen from the agent's side.
 *
 * | outcome | meaning |
 * |---|---|
 * | ok | a result |
 * | tool_error | a JSON-RPC result with `isError: true` |
 * | rpc_error | a JSON-RPC error that the server is to blame for |
 * | http_error | HTTP 5xx without a JSON-RPC answer |
 * | connect_error | no connection to the upstream |
 * | timeout | no answer within the proxy's limit |
 * | cut | the upstream closed before the answer was whole |
 * | client_error | the client's own fault: HTTP 4xx, or JSON-RPC -32700, -32600, -32601, -32602 |
 * | client_gone | the client left before the answer |
 */
export const OUTCOMES = [
  'ok',
  'tool_error',
  'rpc_error',
  'http_error',
  'connect_error',
  'timeout',
  'cut',
  'client_error',
  'client_gone',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

const trackRoute = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  /** Share of the new sessions, 0 to 1; the weights of all tracks add up to 1. */
  weight: z.number().min(0).max(1),
  /** The track is being emptied: sessions leave it as soon as they have no call in flight. */
  drain: z.boolean(),
});
/** Where one track listens and what it is given. */
export type TrackRoute = z.infer<typeof trackRoute>;

/** The whole routing of one service. A session on a track that is not named here must move. */
export const routeSchema = z.strictObject({
  tracks: z.strictObject({
    stable: trackRoute,
    canary: trackRoute.optional(),
    baseline: trackRoute.optional(),
  }),
});
export type Route = z.infer<typeof routeSchema>;

/**
 * Whether the proxy holds a service's port. It is not stored: a proxy that starts again listens for
 * every service of its configuration.
 */
export const listeningSchema = z.strictObject({ listening: z.boolean() });

const trackStateSchema = z.object({
  /** Live sessions pinned to the track. */
  sessions: z.int(),
  /** Requests sent to the track and not yet answered; long-lived GET streams are not counted. */
  inFlight: z.int(),
  /** Open server-to-client streams (GET SSE, WebSocket). */
  streams: z.int(),
  /** Sessions ever opened on the track since the proxy's epoch began. */
  sessionsOpened: z.int(),
  /** Calls finished on the track since the epoch began, and those of them that count as errors. */
  calls: z.int(),
  errors: z.int(),
  /** Those of the calls whose client was placed on the track by an override, not by the split. */
  placedCalls: z.int(),
});
/** What a track carries now. */
export type TrackState = z.infer<typeof trackStateSchema>;

/** The `listenError` of a service whose port has not been tried yet. */
export const NOT_BOUND_YET = 'not bound yet';

export const serviceStateSchema = z.object({
  service: z.string(),
  listen: z.object({ host: z.string(), port: z.int() }),
  /** The proxy holds the port. False with a reason when it could not be bound. */
  listening: z.boolean(),
  listenError: z.string().nullable(),
  route: routeSchema,
  tracks: z.object({
    stable: trackStateSchema,
    canary: trackStateSchema,
    baseline: trackStateSchema,
  }),
});
export type ServiceState = z.infer<typeof serviceStateSchema>;

export const buildSchema = z.object({
  version: z.string(),
  /** Of the configuration's text. */
  configDigest: z.string(),
});
/** What a running process was started from. */
export type Build = z.infer<typeof buildSchema>;

export const proxyStateSchema = z.object({
  pid: z.int(),
  /** Missing from versions that did not tell. */
  build: buildSchema.optional(),
  /** New with every start of the proxy; counters and call sequence numbers count from it. */
  epoch: z.string(),
  startedAtMs: z.number(),
  services: z.record(z.string(), serviceStateSchema),
});
export type ProxyState = z.infer<typeof proxyStateSchema>;

export const callRecordSchema = z.object({
  /** Sequence number within the epoch and the service, from 1. */
  seq: z.int(),
  /** When the call ended, Unix milliseconds. */
  atMs: z.number(),
  track: z.enum(TRACKS),
  /** A name for the session that tells nothing: not the id that a client could use. */
  session: z.string(),
  /** An override placed the session, not the split: it is no sample of all sessions. */
  placed: z.boolean(),
  /** The tool's name for `tools/call`, else the JSON-RPC method, else `http`. */
  tool: z.string(),
  outcome: z.enum(OUTCOMES),
  /** The code of the JSON-RPC error that the server answered with, if it did. */
  code: z.int().optional(),
  /** From the request's arrival to the last byte of its answer. */
  latencyMs: z.number(),
});
/** One finished call. */
export type CallRecord = z.infer<typeof callRecordSchema>;

export const callPageSchema = z.object({
  epoch: z.string(),
  calls: z.array(callRecordSchema),
  /** Calls with a higher number than `after` that had already left the bounded log. */
  missed: z.int(),
  /** Pass as `after` for the next page. */
  nextAfter: z.int(),
});
export type CallPage = z.infer<typeof callPageSchema>;

const countsSchema = z.record(z.string(), z.int());

/**
 * What the live sessions have agreed on with their instances, each with the number of sessions:
 * what another instance must hold before it can be given any of them. Capabilities are named as
 * paths, such as `tools` and `resources.subscribe`.
 */
export const negotiatedStateSchema = z.object({
  protocolVersions: countsSchema,
  clientCapabilities: countsSchema,
  serverCapabilities: countsSchema,
  /** Clients without a session (2026-07-28), by the version they speak: requests since the epoch. */
  statelessVersions: countsSchema,
});
export type NegotiatedState = z.infer<typeof negotiatedStateSchema>;
