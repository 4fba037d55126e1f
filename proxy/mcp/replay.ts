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
  'subscriptions/listen',
  'tasks/get',
  'tasks/list',
  'tasks/result',
]);

/** What is known of tools' effects. */
export interface ToolHints {
  /** By the server's own annotations: read-only, or idempotent. */
  isRepeatable(tool: string): boolean;
}

/**
 * All messages may be sent again. Notifications may always: each of them only states something.
 * With `never`, what only sets something up still may: `initialize`, and streams.
 */
export function mayReplay(
  messages: readonly Message[],
  policy: ReplayPolicy,
  hints: ToolHints,
): boolean {
  return messages.filter(isRequest).every((message) => isRepeatable(message, policy, hints));
}

function isRepeatable({ method, name }: Message, policy: ReplayPolicy, hints: ToolHints): boolean {
  if (policy === 'always' || method === 'initialize' || method === 'subscriptions/listen')
    return true;
  if (policy === 'never') return false;
  if (method === 'tools/call') return name !== null && hints.isRepeatable(name);
  return HARMLESS.has(method ?? '');
}

/** The tools that the messages call. */
export function toolsCalled(messages: readonly Message[]): string[] {
  return messages.flatMap(({ method, name }) =>
    method === 'tools/call' && name !== null ? [name] : [],
  );
}
