/**
 * Calls on a legacy SSE session whose instance is lost: they are sent again on another connection
 * where that is safe, and answered with an error where it is not.
 */
import type { Track } from '../../common/protocol.js';
import type { Binding } from '../pin.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { ask, type Asked } from './ask.js';
import type { ClientStream } from './client-stream.js';
import { protocolHeaders } from './handshake.js';
import type { OwnRequests } from './own-requests.js';
import type { PendingCall } from './pending-call.js';
import type { PendingCalls } from './pending-calls.js';
import { errorMessage, LOST, REFUSALS, type RpcError } from './refusals.js';
import { mayReplay, toolsCalled } from './replay.js';
import { sseEvent } from './sse-event.js';

/** Instances that one call may be lost with. */
const MAX_TRIES = 4;
const POST_TIMEOUT_MS = 10_000;
const HINTS_TIMEOUT_MS = 1_200;
/** An instance that dies may cut several messages before its stream is seen to be gone. */
const CUT_PAUSE_MS = 50;

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
    for (const call of lost) {
      call.cuts += 1;
      if (call.binding !== null) call.ids.note('cut', call.binding.track);
    }
    const known = lost.filter((call) => this.isKnown(call));
    const unknown = lost.filter((call) => !this.isKnown(call));
    const setUp = session.acquire();
    await Promise.all([this.decide(known), this.learn(unknown), setUp]);
  }

  /** Asks for what is not known of the calls' tools, for as long as their clients may be kept. */
  private async learn(calls: readonly PendingCall[]): Promise<void> {
    if (calls.length === 0) return;
    await Promise.race([this.askForHints(), this.parts.plane.clock.sleep(HINTS_TIMEOUT_MS)]);
    await this.decide(calls);
  }

  private async decide(calls: readonly PendingCall[]): Promise<void> {
    const again = calls.filter((call) => this.isRepeatable(call));
    this.fail(
      calls.filter((call) => !again.includes(call)),
      LOST,
    );
    await Promise.all(again.map((call) => this.sendAgain(call)));
  }

  /** Answers the calls with an error, unless they have been answered. */
  fail(calls: readonly PendingCall[], error: RpcError): void {
    for (const call of calls) {
      if (call.isOver) continue;
      call.over();
      this.refuse(call.id, error, call.binding?.track);
    }
  }

  /** Answers a request with an error; `track`: where it was, the session's when that is not known. */
  refuse(id: string, error: RpcError, track: Track = this.parts.session.track): void {
    this.parts.plane.accounts.rpcErrors.count(track, error.code);
    this.parts.stream.say(sseEvent(errorMessage(id, error)));
  }

  /** As far as is known now, it could not be sent again. */
  isHopeless(call: PendingCall): boolean {
    return this.isKnown(call) && !this.isRepeatable(call);
  }

  private isRepeatable({ message, body, cuts }: PendingCall): boolean {
    const { config, catalog } = this.parts.plane;
    return body !== null && cuts < MAX_TRIES && mayReplay([message], config.replay, catalog);
  }

  private isKnown({ message }: PendingCall): boolean {
    const { catalog, config } = this.parts.plane;
    return config.replay !== 'safe' || toolsCalled([message]).every((tool) => catalog.knows(tool));
  }

  private async askForHints(): Promise<void> {
    const { plane, session, own } = this.parts;
    const acquired = await session.acquire();
    if (acquired.kind !== 'bound') return;
    const { upstream, upstreamId, generation } = acquired.binding;
    const { headers, path } = session;
    const target = { upstream, endpoint: upstreamId ?? path, generation, headers };
    const list = '{"jsonrpc":"2.0","id":"canary-tools","method":"tools/list","params":{}}';
    const text = await own.ask(target, Buffer.from(list), HINTS_TIMEOUT_MS);
    if (text !== null) plane.catalog.learnText(text);
  }

  private async sendAgain(call: PendingCall): Promise<void> {
    const { session, calls } = this.parts;
    const { patience, body } = call;
    if (call.cuts > 1) await this.parts.plane.clock.sleep(CUT_PAUSE_MS * call.cuts);
    while (body !== null) {
      const acquired = await patience.acquire(session);
      if (call.isOver || acquired.kind !== 'bound') break;
      const { binding } = acquired;
      const sentAt = performance.now();
      calls.register(call, binding);
      const headers = protocolHeaders(session.headers);
      const posted = await postMessage(session, binding, body, headers);
      const isAccepted = posted.kind === 'answered' && posted.status < 400;
      if (isAccepted || !calls.release(call)) return;
      if (posted.kind === 'answered') break;
      if (posted.loss.kind !== 'unreachable') return this.recover([call]);
      session.unreachable(binding);
      if (!(await patience.pause(performance.now() - sentAt))) break;
    }
    this.fail([call], LOST);
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
