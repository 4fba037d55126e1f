/**
 * A client's messages that are about one instance: its answers to a server's requests, and its
 * cancellations. They must reach the instance they are meant for, or nobody.
 */
import type { Track } from '../../common/protocol.js';
import type { LiveCall } from '../live-call.js';
import type { Acquired, Binding, Pin } from '../pin.js';
import type { Session } from '../session.js';
import { untaggedToken } from './generation.js';
import { isResponse, type Message } from './message-scanner.js';

/** Sends on one binding only, whatever the session's current one is. */
class OldBindingPin implements Pin {
  readonly label: string;
  readonly clientId: string;
  private readonly session: Session;
  private readonly binding: Binding;
  private isGone = false;

  constructor(session: Session, binding: Binding) {
    this.label = session.label;
    this.clientId = session.id;
    this.session = session;
    this.binding = binding;
  }

  get track(): Track {
    return this.binding.track;
  }

  acquire(): Acquired {
    const { binding, track } = this;
    if (this.isGone) return { kind: 'unavailable', track, reason: 'the instance is gone' };
    return { kind: 'bound', binding };
  }

  forget(): void {
    this.isGone = true;
  }

  unreachable(): void {
    this.isGone = true;
  }

  began(binding: Binding, call: LiveCall): void {
    this.session.began(binding, call);
  }

  ended(binding: Binding, call: LiveCall): void {
    this.session.ended(binding, call);
  }
}

/**
 * Where a POST of answers or of a cancellation goes: null for the session's current binding, `gone`
 * when the instance that it is meant for is no more.
 */
export function answerBinding(session: Session, messages: readonly Message[]): Pin | 'gone' | null {
  const [message] = messages;
  if (messages.length !== 1 || message === undefined) return null;
  if (message.method === 'notifications/cancelled' && message.requestId !== null) {
    const binding = session.bindingOfCall(message.requestId);
    return binding === null || binding === session.current
      ? null
      : new OldBindingPin(session, binding);
  }
  if (!isResponse(message) || message.id === null || session.current === null) return null;
  const { generation } = untaggedToken(message.id);
  if (generation === session.current.generation) return null;
  const binding = session.bindingOf(generation);
  return binding === null ? 'gone' : new OldBindingPin(session, binding);
}

/** The body with the id that the instance knows, where a client answers with one that we tagged. */
export function withOwnId(messages: readonly Message[], body: Buffer): Buffer {
  const [message] = messages;
  if (messages.length !== 1 || message === undefined || !isResponse(message)) return body;
  const { own } = untaggedToken(message.id ?? '');
  if (message.id === null || own === message.id) return body;
  try {
    const parsed = JSON.parse(body.toString('utf8')) as object;
    return Buffer.from(JSON.stringify({ ...parsed, id: JSON.parse(own) as unknown }));
  } catch {
    return body;
  }
}
