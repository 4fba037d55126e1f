/** What a POST on the MCP endpoint is about, and who wants to know what becomes of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Track } from '../../common/protocol.js';
import type { ResponseHead } from '../http1/response-head.js';
import type { Binding } from '../pin.js';
import type { Asked } from './asked.js';
import type { Callers } from './callers.js';
import type { Ledger } from './ledger.js';
import type { Message } from './message-scanner.js';

export interface PostRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly messages: readonly Message[];
}

export interface PostHooks {
  /** Of the session: requests of the instance are noted there. */
  readonly asked?: Asked;
  /** Of the session, when its client comes back for a call whose stream it loses. */
  readonly callers?: Callers;
  /** Sees the instance's answer head before the client does. */
  readonly onHead?: (head: ResponseHead, binding: Binding) => void;
  /** Sees each message of the answer as text. */
  readonly onText?: (text: string, binding: Binding) => void;
  /** Sees each answer in it, as far as it was looked at. */
  readonly onAnswer?: (message: Message, binding: Binding) => void;
  /** The instance closed the stream, or the client dropped it, to be resumed, and calls still wait. */
  readonly onSuspended?: (ledger: Ledger, track: Track, isDropped: boolean) => void;
}
