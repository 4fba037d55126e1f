/** One call of a suite and what came of it. */
import { ProtocolError, type Client } from '@modelcontextprotocol/client';
import { troubleOf } from '../mcp/connection.js';
import type { SuiteRequest } from './suite.js';

export type Answer = { readonly tookMs: number } & (
  | {
      readonly kind: 'result';
      readonly isError: boolean;
      /** Of all its parts, a line end between two. */
      readonly text: string;
      /** Undefined without any. */
      readonly structured: unknown;
    }
  /** A JSON-RPC error. */
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  /** No answer that MCP knows: no connection, no answer in time, a result against its own schema. */
  | { readonly kind: 'none'; readonly reason: string }
);

type Result = Omit<Extract<Answer, { kind: 'result' }>, 'tookMs' | 'kind'>;

export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Milliseconds, from any fixed point. */
  readonly now: () => number;
}

/** Asks once. Never rejects. */
export async function ask(
  client: Client,
  request: SuiteRequest,
  { timeoutMs, signal, now }: AskOptions,
): Promise<Answer> {
  const startedAtMs = now();
  try {
    const result = await resultOf(client, request, { timeout: timeoutMs, signal });
    return { kind: 'result', tookMs: now() - startedAtMs, ...result };
  } catch (error) {
    const tookMs = now() - startedAtMs;
    return error instanceof ProtocolError
      ? { kind: 'error', tookMs, code: error.code, message: error.message }
      : { kind: 'none', tookMs, reason: troubleOf(error) };
  }
}

async function resultOf(
  client: Client,
  request: SuiteRequest,
  options: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<Result> {
  switch (request.kind) {
    case 'tool': {
      const { name, arguments: own } = request;
      const result = await client.callTool({ name, arguments: { ...own } }, options);
      const { content, structuredContent, isError = false } = result;
      return { isError, text: textOf(content), structured: structuredContent };
    }
    case 'prompt': {
      const { name, arguments: own } = request;
      const { messages } = await client.getPrompt({ name, arguments: { ...own } }, options);
      return plain(textOf(messages.map(({ content }) => content)));
    }
    case 'resource': {
      const { contents } = await client.readResource({ uri: request.uri }, options);
      return plain(textOf(contents));
    }
  }
}

function plain(text: string): Result {
  return { isError: false, text, structured: undefined };
}

/** Images, sounds and links have no text. */
function textOf(parts: readonly object[]): string {
  return parts
    .flatMap((part) => ('text' in part && typeof part.text === 'string' ? [part.text] : []))
    .join('\n');
}
