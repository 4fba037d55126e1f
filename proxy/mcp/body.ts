/** Reads requests' bodies into memory: each is bounded, and so are all of them together. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MessageScanner, type Message } from './message-scanner.js';
import type { Plane } from '../plane.js';
import { REFUSALS, refuse } from './refusals.js';

const MAX_BODY_BYTES = 16 << 20;
const MAX_ALL_BODIES_BYTES = 256 << 20;
const MAX_MESSAGES = 1_000;

/** The memory that the bodies of requests under way take. */
export class BodyBudget {
  private used = 0;
  private readonly limit: number;

  constructor(limit = MAX_ALL_BODIES_BYTES) {
    this.limit = limit;
  }

  /** False when there is no room; nothing is taken then. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.limit) return false;
    this.used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.used -= bytes;
  }
}

export interface ReadBody {
  /** Its length is taken from the budget; the caller releases it. */
  readonly body: Buffer;
  readonly messages: readonly Message[];
}

/**
 * The body and the messages in it; null when there is nothing to serve: the client left, or has
 * been refused. Never rejects.
 */
export function readMessages(
  { bodies: budget, slowBodies }: Pick<Plane, 'bodies' | 'slowBodies'>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<ReadBody | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const messages: Message[] = [];
    let size = 0;
    const scanner = new MessageScanner((message) => {
      if (messages.length < MAX_MESSAGES) messages.push(message);
    });
    const give = (read: ReadBody | null): void => {
      watched();
      req.off('data', onData);
      req.off('close', onClose);
      req.off('end', onEnd);
      if (read === null) budget.release(size);
      resolve(read);
    };
    const onData = (chunk: Buffer): void => {
      if (size + chunk.length > MAX_BODY_BYTES) return give(refuseBody(req, res, 413));
      if (!budget.take(chunk.length)) return give(refuseBody(req, res, 503));
      size += chunk.length;
      chunks.push(chunk);
      scanner.push(chunk);
    };
    const onClose = (): void => give(null);
    const watched = slowBodies.watchAll(req, () => give(refuseBody(req, res, 408)));
    req.on('data', onData);
    req.once('close', onClose);
    const onEnd = (): void => {
      const [only] = chunks;
      const body = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
      give({ body, messages });
    };
    req.once('end', onEnd);
  });
}

/** Refuses and throws the rest of the body away unread. */
function refuseBody(
  req: IncomingMessage,
  res: ServerResponse,
  status: keyof typeof BODY_REFUSALS,
): null {
  refuse(res, status, BODY_REFUSALS[status]);
  req.resume();
  return null;
}

const BODY_REFUSALS = {
  408: { code: REFUSALS.badRequest, message: 'the request’s body took too long' },
  413: { code: REFUSALS.tooLarge, message: `a request takes at most ${MAX_BODY_BYTES} bytes` },
  503: { code: REFUSALS.tooLarge, message: 'too many large requests at the same time' },
} as const;
