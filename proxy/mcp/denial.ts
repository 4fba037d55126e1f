/**
 * What an instance answers to credentials that it does not take. Its client has to see it: 401 and
 * `WWW-Authenticate` are how it learns to get others (RFC 9110, 11.6.1; MCP, Authorization).
 */
import type { ServerResponse } from 'node:http';
import type { ResponseHead } from '../http1/response-head.js';
import { writeHeadSafely } from './answer.js';

const PASSED: ReadonlySet<string> = new Set(['www-authenticate', 'content-type']);

export interface Denial {
  readonly status: number;
  /** What of the instance's headers the client needs, as a flat list. */
  readonly headers: readonly string[];
  readonly text: string;
}

/** The denial in an instance's answer; null when it is none. */
export function denialIn(
  { status, headers }: Pick<ResponseHead, 'status' | 'headers'>,
  text: string,
): Denial | null {
  if (status !== 401 && status !== 403) return null;
  return {
    status,
    headers: headers.filter((_, i) => PASSED.has(headers[i - (i % 2)] ?? '')),
    text,
  };
}

/** Answers a client as the instance did, when nothing has been answered yet. */
export function sendDenial(res: ServerResponse, { status, headers, text }: Denial): void {
  if (res.headersSent || res.destroyed) return;
  const length = ['content-length', String(Buffer.byteLength(text))];
  writeHeadSafely(res, { status, statusMessage: '', headers }, [...headers, ...length]);
  res.end(text);
}
