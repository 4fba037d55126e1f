/** What a call's outcome says about the server. */
import type { Outcome } from '../../common/protocol.js';

/**
 * - `ok` and `error` count for and against the server.
 * - `tool-error` (a result with `isError`) counts only against stable's own rate for that tool.
 * - `nothing`: the client's doing.
 */
export type Meaning = 'ok' | 'error' | 'tool-error' | 'nothing';

export function meaningOf(outcome: Outcome): Meaning {
  switch (outcome) {
    case 'ok':
      return 'ok';
    case 'tool_error':
      return 'tool-error';
    case 'rpc_error':
    case 'http_error':
    case 'connect_error':
    case 'timeout':
    case 'cut':
      return 'error';
    case 'client_error':
    case 'client_gone':
      return 'nothing';
  }
}
