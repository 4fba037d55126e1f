/** Messages for a legacy session whose client is away wait here until it is back. Bounded. */
import type { Conversation } from './conversation.js';

const WAIT_MS = 10_000;
const MAX_WAITING = 1_000;

export class WaitingRoom {
  private readonly waiting = new Map<string, ((conversation: Conversation | null) => void)[]>();
  private size = 0;

  /** The conversation that the session goes on with, null when there is none in time. */
  wait(sessionId: string): Promise<Conversation | null> {
    if (this.size >= MAX_WAITING) return Promise.resolve(null);
    this.size += 1;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.release(sessionId, null), WAIT_MS);
      const others = this.waiting.get(sessionId) ?? [];
      this.waiting.set(sessionId, [
        ...others,
        (conversation) => {
          clearTimeout(timer);
          this.size -= 1;
          resolve(conversation);
        },
      ]);
    });
  }

  /** Lets all go that wait for the session. */
  release(sessionId: string, conversation: Conversation | null): void {
    const waiting = this.waiting.get(sessionId) ?? [];
    this.waiting.delete(sessionId);
    for (const go of waiting) go(conversation);
  }
}
