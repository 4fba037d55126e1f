/** How a call ended, from the answer that was seen. The table is in common/protocol.ts. */
import type { Outcome } from '../../common/protocol.js';
import type { Message } from './message-scanner.js';

/** Parse error, invalid request, method not found, invalid params (JSON-RPC 2.0, 5.1). */
const CLIENT_FAULTS: ReadonlySet<number | null> = new Set([-32_700, -32_600, -32_601, -32_602]);

const ERRORS: ReadonlySet<Outcome> = new Set<Outcome>([
  'tool_error',
  'rpc_error',
  'http_error',
  'connect_error',
  'timeout',
  'cut',
]);

/** The server, not the client, is to blame. */
export function isError(outcome: Outcome): boolean {
  return ERRORS.has(outcome);
}

/** The outcome that a JSON-RPC answer means. */
export function outcomeOfMessage(message: Message): Outcome {
  if (message.hasError) return CLIENT_FAULTS.has(message.code) ? 'client_error' : 'rpc_error';
  return message.isError ? 'tool_error' : 'ok';
}

/** The outcome of an HTTP answer that held no JSON-RPC answer. */
export function outcomeOfStatus(status: number): Outcome {
  if (status >= 500) return 'http_error';
  return status >= 400 ? 'client_error' : 'ok';
}
