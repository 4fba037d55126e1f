/** What stands in for a client's response while the client is away: it keeps what is said. */
import type { ServerResponse } from 'node:http';
import type { Outlet } from './answer.js';
import type { BodyBudget } from './body.js';

export class Absence implements Outlet {
  readonly headersSent = true;
  private said: Buffer[] = [];
  private isEnded = false;
  private isForgotten = false;
  private readonly budget: BodyBudget;
  private readonly onFull: () => void;

  /** `budget`: what all that is kept may take; `onFull`: there is no room for more. */
  constructor(budget: BodyBudget, onFull: () => void) {
    this.budget = budget;
    this.onFull = onFull;
  }

  /** False, always: the instance is to wait for the client, whatever it has been read by then. */
  write(bytes: string | Buffer): boolean {
    const more = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    if (this.isForgotten) return false;
    if (this.budget.take(more.length)) this.said.push(more);
    else this.onFull();
    return false;
  }

  end(bytes = ''): void {
    if (bytes !== '') this.write(bytes);
    this.isEnded = true;
  }

  /** The call has come to its end, and the client does not know how. */
  get hasAnswer(): boolean {
    return this.isEnded && this.said.length > 0;
  }

  /** Says all of it on the response, and forgets it. */
  moveTo(res: ServerResponse): void {
    for (const bytes of this.said) res.write(bytes);
    if (this.isEnded) res.end();
    this.forget();
  }

  forget(): void {
    for (const { length } of this.said) this.budget.release(length);
    this.said = [];
    this.isForgotten = true;
  }
}
