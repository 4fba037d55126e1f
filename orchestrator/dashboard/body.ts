/** A request's JSON body, bounded. */
import type { IncomingMessage } from 'node:http';
import { refusal, type ApiReply } from '../../common/unix-http.js';

const MAX_BYTES = 64 * 1_024;

export type Body =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reply: ApiReply };

/** Reads it whole; what is too long or no JSON becomes a refusal. */
export async function readBody(req: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return refused(413, `a body takes at most ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return { ok: true, value: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown };
  } catch {
    return refused(400, 'the body is not JSON');
  }
}

function refused(status: number, message: string): Body {
  return { ok: false, reply: refusal(status, 'usage', message) };
}
