/**
 * Calls on a legacy SSE session whose instance is lost: they are sent again on another connection
 * where that is safe, and answered with an error where it is not.
 */
import type { Binding } from '../pin.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { ask, type Asked } from './ask.js';
import type { ClientStream } from './client-stream.js';
import { protocolHeaders } from './handshake.js';
import type { OwnRequests } from './own-requests.js';
import type { PendingCall } from './pending-call.js';
import type { PendingCalls } from './pending-calls.js';
import { errorMessage, REFUSALS, type RpcError } from './refusals.js';
import { mayReplay, toolsCalled } from './replay.js';
import { sseEvent } from './sse-event.js';

/** Instances that one call is sent to. */
export const MAX_TRIES = 4;
const POST_TIMEOUT_MS = 10_000;
const HINTS_TIMEOUT_MS = 1_200;

const LOST: RpcError = {
  code: REFUSALS.lost,
  message: 'the server was lost during the call, which may have been executed',
};
export const UNREACHABLE: RpcError = {
  code: REFUSALS.unavailable,
  message: 'the server cannot be reached, nothing was executed',
};

export interface RecoveryParts {
  readonly plane: Plane;
  readonly session: Session;
  readonly calls: PendingCalls;
  readonly own: OwnRequests;
  readonly stream: ClientStream;
}

export class Recovery {
  private readonly parts: RecoveryParts;

  constructor(parts: RecoveryParts) {
    this.parts = parts;
  }

  /**
   * The calls are on no instance any more. The session is set up elsewhere in any case, so that the
   * server's messages go on. Never rejects.
   */
  async recover(lost: readonly PendingCall[]): Promise<void> {
    const { session } = this.parts;
    for (const call of lost) if (call.binding !== null) call.ids.note('cut', call.binding.track);
    const hopeful = lost.filter((call) => this.isRepeatable(call) || !this.isKnown(call));
    this.fail(
      lost.filter((call) => !hopeful.includes(call)),
      LOST,
    );
    const acquired = await session.acquire(session.headers);
    if (acquired.kind === 'unavailable') return this.fail(hopeful, UNREACHABLE);
    if (hopeful.some((call) => !this.isKnown(call))) await this.askForHints(acquired.binding);
    this.fail(
      hopeful.filter((call) => !this.isRepeatable(call)),
      LOST,
    );
    const again = hopeful.filter((call) => this.isRepeatable(call));
    await Promise.all(again.map((call) => this.sendAgain(call, acquired.binding)));
  }

  /** Answers the calls with an error. */
  fail(calls: readonly PendingCall[], error: RpcError): void {
    for (const call of calls) {
      call.over();
      this.parts.stream.say(sseEvent(errorMessage(call.id, error)));
    }
  }

  private isRepeatable({ message, tries }: PendingCall): boolean {
    const { config, catalog } = this.parts.plane;
    return tries < MAX_TRIES && mayReplay([message], config.replay, catalog);
  }

  private isKnown({ message }: PendingCall): boolean {
    const { catalog, config } = this.parts.plane;
    return config.replay !== 'safe' || toolsCalled([message]).every((tool) => catalog.knows(tool));
  }

  private async askForHints({ upstream, upstreamId, generation }: Binding): Promise<void> {
    const { plane, session, own } = this.parts;
    const { headers, path } = session;
    const target = { upstream, endpoint: upstreamId ?? path, generation, headers };
    const list = '{"jsonrpc":"2.0","id":"canary-tools","method":"tools/list","params":{}}';
    const text = await own.ask(target, Buffer.from(list), HINTS_TIMEOUT_MS);
    if (text !== null) plane.catalog.learnText(text);
  }

  private async sendAgain(call: PendingCall, binding: Binding): Promise<void> {
    const { session, calls } = this.parts;
    calls.register(call, binding);
    const posted = await postMessage(session, binding, call.body, protocolHeaders(session.headers));
    if (posted.kind === 'lost' && calls.release(call)) await this.recover([call]);
  }
}

/** Posts a message of the client to the instance. Never rejects. */
export function postMessage(
  session: Session,
  { upstream, upstreamId }: Binding,
  body: Buffer,
  headers: readonly string[],
): Promise<Asked> {
  const path = upstreamId ?? session.path;
  return ask(upstream, { method: 'POST', path, headers: [...headers], body }, POST_TIMEOUT_MS);
}
