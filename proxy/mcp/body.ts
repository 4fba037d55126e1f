/** Reads a request's body into memory, up to a limit. */
import type { IncomingMessage } from 'node:http';

export const MAX_BODY_BYTES = 4 << 20;

export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'aborted' };

/** Never rejects. The rest of a body that is too large is thrown away unread. */
export function readBody(req: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else resolve({ kind: 'too-large' });
    });
    req.once('end', () => {
      const [only] = chunks;
      const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
      resolve({ kind: 'whole', bytes });
    });
    req.once('close', () => resolve({ kind: 'aborted' }));
    req.once('error', () => resolve({ kind: 'aborted' }));
  });
}
