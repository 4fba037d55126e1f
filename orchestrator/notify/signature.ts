/**
 * Signs a webhook as "Standard Webhooks" describes it (https://www.standardwebhooks.com), so that
 * receivers can check it with a library that they have: HMAC-SHA256 over `ID.TIMESTAMP.BODY`.
 */
import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** The headers of one attempt. The timestamp is the attempt's own, the id is the notification's. */
export function signedHeaders(
  secret: string,
  id: string,
  atMs: number,
  body: string,
): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1_000));
  const mac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${mac.digest('base64')}`,
  };
}

/** A secret with the prefix holds its bytes in base64; any other is taken as it stands. */
function keyOf(secret: string): Buffer {
  return secret.startsWith(PREFIX)
    ? Buffer.from(secret.slice(PREFIX.length), 'base64')
    : Buffer.from(secret);
}
