/** When a call may be sent a second time although the first one may have been executed. */
import type { ReplayPolicy } from '../../config/types.js';
import { isRequest, type Message } from './message-scanner.js';

/** Methods without an effect that a second execution would double (MCP, server features). */
const HARMLESS = new Set([
  'initialize',
  'ping',
  'tools/list',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
  'logging/setLevel',
  'server/discover',
  'tasks/get',
  'tasks/list',
  'tasks/result',
]);

/** What is known of a tool's effects. */
export interface ToolHints {
  /** By the server's own annotations: read-only, or idempotent. */
  isRepeatable(tool: string): boolean;
}

/**
 * All messages of a POST may be sent again. Notifications may: each of them only states something.
 */
export function mayReplay(
  messages: readonly Message[],
  policy: ReplayPolicy,
  hints: ToolHints,
): boolean {
  if (policy === 'always') return true;
  const requests = messages.filter(isRequest);
  if (policy === 'never') return requests.every(({ method }) => method === 'initialize');
  return requests.every(
    ({ method, name }) =>
      HARMLESS.has(method ?? '') ||
      (method === 'tools/call' && name !== null && hints.isRepeatable(name)),
  );
}
