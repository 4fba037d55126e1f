/** The answers that the proxy gives itself, as JSON-RPC errors that a client can make sense of. */
import type { ServerResponse } from 'node:http';

/**
 * Codes in the range that JSON-RPC leaves to implementations, apart from those that MCP or its
 * SDKs use (-32000 to -32003, -32020 to -32022, -32042).
 */
export const REFUSALS = {
  /** The instance was lost; the request may or may not have been executed. */
  lost: -32_050,
  /** No instance could be reached; nothing was executed. */
  unavailable: -32_051,
  /** Too many sessions. */
  full: -32_052,
  /** No answer in time (the SDKs' own code for it). */
  timeout: -32_001,
  /** The SDKs' own code for a session that does not exist. */
  unknownSession: -32_001,
  tooLarge: -32_053,
  badRequest: -32_600,
} as const;

export interface RpcError {
  readonly code: number;
  readonly message: string;
}

/** An instance was lost with a call. */
export const LOST: RpcError = {
  code: REFUSALS.lost,
  message: 'the server was lost during the call, which may have been executed',
};

/** An instance was lost with a call: how, in a few words. */
export function lostBecause(reason: string): RpcError {
  return { ...LOST, message: `${LOST.message} (${reason})` };
}

/** A JSON-RPC error answer; `id` is a raw JSON token. */
export function errorMessage(id: string | null, { code, message }: RpcError): string {
  const error = JSON.stringify({ code, message });
  return `{"jsonrpc":"2.0","id":${id ?? 'null'},"error":${error}}`;
}

/** Answers a request of HTTP with a JSON-RPC error, when nothing has been answered yet. */
export function refuse(
  res: ServerResponse,
  status: number,
  error: RpcError,
  id: string | null = null,
): void {
  if (res.headersSent || res.destroyed) return;
  // Nobody reads a body that is still to come: it must not keep the connection.
  if (!res.req.complete) res.setHeader('connection', 'close');
  const body = errorMessage(id, error);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  res.end(body);
}

/**
 * There is nothing to resume: SDKs' clients take 405 for an end, and come back for everything else.
 */
export function refuseResumption(res: ServerResponse): void {
  res.writeHead(405, { allow: 'POST, DELETE', 'content-length': 0 });
  res.end();
}
