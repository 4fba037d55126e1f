/** Who a client without a session is: by its credentials, else by its address and user agent. */
import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Keys that tell nothing of the credentials they were made from: they are salted. */
export class ClientKeys {
  private readonly salt: Buffer;

  constructor(salt: Buffer) {
    this.salt = salt;
  }

  /** By the credentials, else by address and user agent. */
  of(req: IncomingMessage): string {
    return this.hashed(req.headers.authorization ?? connectionOf(req));
  }

  /** By all of them. */
  exact(req: IncomingMessage): string {
    return this.hashed(`${connectionOf(req)} ${req.headers.authorization ?? ''}`);
  }

  private hashed(identity: string): string {
    return createHmac('sha256', this.salt).update(identity).digest('base64url').slice(0, 16);
  }
}

function connectionOf({ socket, headers }: IncomingMessage): string {
  return `${socket.remoteAddress ?? ''} ${headers['user-agent'] ?? ''}`;
}
