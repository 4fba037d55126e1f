/**
 * Sets a session up on an instance in the client's name: `initialize` with the client's own
 * parameters, `notifications/initialized`, then what rebuilds the session's state.
 */
import { z } from 'zod';
import { headerOf, SESSION_HEADER } from '../headers.js';
import type { Upstream } from '../upstream.js';
import { ask, type Asked } from './ask.js';
import { denialIn, type Denial } from './denial.js';

const HANDSHAKE_TIMEOUT_MS = 10_000;
export const VERSION_HEADER = 'mcp-protocol-version';

/** What client and server agreed on. */
export const negotiatedSchema = z.object({
  protocolVersion: z.string(),
  clientCapabilities: z.record(z.string(), z.unknown()),
  serverCapabilities: z.record(z.string(), z.unknown()),
});
export type Negotiated = z.infer<typeof negotiatedSchema>;

const initializeRequest = z.object({
  params: z.looseObject({ capabilities: z.record(z.string(), z.unknown()).default({}) }),
});
const initializeAnswer = z.object({
  result: z.object({
    protocolVersion: z.string(),
    capabilities: z.record(z.string(), z.unknown()).default({}),
  }),
});

/** What an `initialize` request and its answer agreed on, null when it was not agreed. */
export function negotiatedBy(initialize: Buffer, answer: unknown): Negotiated | null {
  const request = initializeRequest.safeParse(parsedJson(initialize));
  const reply = initializeAnswer.safeParse(answer);
  if (!request.success || !reply.success) return null;
  return {
    protocolVersion: reply.data.result.protocolVersion,
    clientCapabilities: request.data.params.capabilities,
    serverCapabilities: reply.data.result.capabilities,
  };
}

function parsedJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The client's `initialize`, asking for the version that was agreed on: the client goes on speaking
 * that one, whatever the other instance would prefer.
 */
export function initializeFor(initialize: Buffer, negotiated: Negotiated | null): Buffer {
  if (negotiated === null) return initialize;
  const request = initializeRequest.safeParse(parsedJson(initialize));
  if (!request.success) return initialize;
  const message = JSON.parse(initialize.toString('utf8')) as object;
  const params = { ...request.data.params, protocolVersion: negotiated.protocolVersion };
  return Buffer.from(JSON.stringify({ ...message, params }));
}

export interface HandshakeRequest {
  readonly upstream: Upstream;
  readonly path: string;
  /** Of the client's latest request: its credentials. */
  readonly headers: readonly string[];
  readonly initialize: Buffer;
  readonly negotiated: Negotiated | null;
  /** The client has sent `notifications/initialized`. */
  readonly initialized: boolean;
  /** Bodies of requests that rebuild the session's state: log level, subscriptions. */
  readonly restore: readonly string[];
  /** Aborts when the session does not wait for it any more. */
  readonly signal: AbortSignal;
}

export type Handshake =
  | { readonly kind: 'done'; readonly upstreamId: string | null; readonly protocolVersion: string }
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'denied'; readonly reason: string; readonly denial: Denial };

/** Never rejects. */
export async function handshake(request: HandshakeRequest): Promise<Handshake> {
  const { upstream, path, negotiated, signal } = request;
  const headers = withoutVersion(protocolHeaders(request.headers));
  const body = initializeFor(request.initialize, negotiated);
  const send = (message: Buffer): Promise<Asked> =>
    ask(upstream, { method: 'POST', path, headers, body: message }, HANDSHAKE_TIMEOUT_MS, signal);
  const asked = await send(body);
  if (asked.kind === 'lost') {
    const kind = asked.loss.kind === 'invalid' ? 'refused' : 'unreachable';
    return { kind, reason: asked.loss.reason };
  }
  const answer = initializeAnswer.safeParse(asked.message);
  if (!answer.success) {
    const reason = `initialize was answered with status ${asked.status}`;
    const denial = denialIn(asked, asked.text);
    return denial === null ? { kind: 'refused', reason } : { kind: 'denied', reason, denial };
  }
  const { protocolVersion } = answer.data.result;
  const upstreamId = headerOf(asked.headers, SESSION_HEADER) || null;
  if (upstreamId !== null) headers.push(SESSION_HEADER, upstreamId);
  headers.push(VERSION_HEADER, protocolVersion);
  for (const message of followUps(request)) {
    await send(Buffer.from(message));
  }
  return { kind: 'done', upstreamId, protocolVersion };
}

/** What follows an `initialize`: bodies of the messages that bring the session to where it was. */
export function followUps({
  initialized,
  restore,
}: Pick<HandshakeRequest, 'initialized' | 'restore'>): string[] {
  if (!initialized) return [];
  return [JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }), ...restore];
}

/** The version is not agreed on before `initialize` is answered. */
function withoutVersion(headers: readonly string[]): string[] {
  return headers.filter((_, i) => headers[i - (i % 2)]?.toLowerCase() !== VERSION_HEADER);
}

const MESSAGE_HEADERS = new Set([
  'accept',
  'content-type',
  'last-event-id',
  'mcp-method',
  'mcp-name',
]);

/** The client's headers for a message of ours: its credentials, not what its request was about. */
export function protocolHeaders(headers: readonly string[]): string[] {
  const own = ['accept', 'application/json, text/event-stream', 'content-type', 'application/json'];
  return [...own, ...credentials(headers)];
}

/** The client's headers for a stream that is opened for it. */
export function streamHeaders(headers: readonly string[]): string[] {
  return ['accept', 'text/event-stream', ...credentials(headers)];
}

function credentials(headers: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (!MESSAGE_HEADERS.has(name.toLowerCase())) out.push(name, headers[i + 1] ?? '');
  }
  return out;
}
