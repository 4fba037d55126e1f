/**
 * A client's messages that are about one instance: its answers to a server's requests, and its
 * cancellations. They must reach the instance they are meant for, or nobody: another instance counts
 * its requests alike.
 */
import type { Track } from '../../common/protocol.js';
import type { LiveCall } from '../live-call.js';
import type { Acquired, Binding, Pin } from '../pin.js';
import type { Session } from '../session.js';
import { untaggedToken } from './generation.js';
import { isResponse, type Message } from './message-scanner.js';

/** Sends on one binding only, whatever the session's current one is. */
class OneBindingPin implements Pin {
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

/** When its instance is gone, there is nobody to tell. */
export function isForOneInstance(message: Message): boolean {
  return isResponse(message) || message.method === 'notifications/cancelled';
}

/**
 * Where a message that stands alone goes: null for the session's current binding, `gone` when the
 * instance that it is meant for is no more.
 */
export function answerBinding(session: Session, messages: readonly Message[]): Pin | 'gone' | null {
  const [message] = messages;
  if (messages.length !== 1 || message === undefined) return null;
  if (message.method === 'notifications/cancelled' && message.requestId !== null) {
    const binding = session.bindingOfCall(message.requestId);
    return binding === null || binding === session.current
      ? null
      : new OneBindingPin(session, binding);
  }
  if (!isResponse(message) || message.id === null) return null;
  const binding = session.bindingOf(untaggedToken(message.id).generation);
  return binding === null ? 'gone' : new OneBindingPin(session, binding);
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

/** A batch (2025-03-26) without its answers, and these, each with the instance that waits for it. */
export interface SplitBatch {
  /** Null when nothing is left. */
  readonly rest: { readonly messages: readonly Message[]; readonly body: Buffer } | null;
  readonly answers: readonly { readonly binding: Binding; readonly body: Buffer }[];
}

/** Null when the messages are no batch with answers in it. */
export function splitBatch(
  session: Session,
  messages: readonly Message[],
  body: Buffer,
): SplitBatch | null {
  const others = messages.filter((message) => !isResponse(message));
  if (messages.length < 2 || others.length === messages.length) return null;
  const members = membersOf(body);
  if (members === null) return null;
  const rest = members.filter((member) => !isAnswer(member));
  const restBody = Buffer.from(JSON.stringify(rest));
  return {
    rest: rest.length === 0 ? null : { messages: others, body: restBody },
    answers: members.filter(isAnswer).flatMap((member) => boundAnswer(session, member)),
  };
}

function boundAnswer(session: Session, answer: Answer): SplitBatch['answers'] {
  const { generation, own } = untaggedToken(JSON.stringify(answer.id));
  const binding = session.bindingOf(generation);
  if (binding === null) return [];
  const body = JSON.stringify({ ...answer, id: JSON.parse(own) as unknown });
  return [{ binding, body: Buffer.from(body) }];
}

interface Answer {
  readonly id: string | number;
}

function isAnswer(member: unknown): member is Answer {
  if (typeof member !== 'object' || member === null || 'method' in member) return false;
  const hasId = 'id' in member && (typeof member.id === 'string' || typeof member.id === 'number');
  return hasId && ('result' in member || 'error' in member);
}

function membersOf(body: Buffer): unknown[] | null {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return Array.isArray(parsed) ? parsed : null;
  } catch {
    return null;
  }
}
