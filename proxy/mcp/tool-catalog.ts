/**
 * Which tools a second execution does not harm: learned from the `tools/list` answers that pass by,
 * or asked for when a call has been lost. Annotation defaults (MCP, ToolAnnotations): readOnlyHint
 * false, idempotentHint false.
 */
import { z } from 'zod';
import { SESSION_HEADER } from '../headers.js';
import type { Binding } from '../pin.js';
import type { Loss } from '../upstream.js';
import { ask } from './ask.js';
import { protocolHeaders } from './handshake.js';

const MAX_TOOLS = 5_000;
const MAX_PAGES = 20;
/** Less than the two seconds within which a lost call is to be answered. */
const ASK_TIMEOUT_MS = 1_200;

const toolList = z.object({
  result: z.object({
    tools: z.array(
      z.object({
        name: z.string(),
        annotations: z
          .object({ readOnlyHint: z.boolean().optional(), idempotentHint: z.boolean().optional() })
          .optional(),
      }),
    ),
    nextCursor: z.string().optional(),
  }),
});

export class ToolCatalog {
  private readonly repeatable = new Map<string, boolean>();

  /** By the server's own word: read-only, or idempotent. */
  isRepeatable(tool: string): boolean {
    return this.repeatable.get(tool) ?? false;
  }

  knows(tool: string): boolean {
    return this.repeatable.has(tool);
  }

  /** Takes a JSON-RPC answer and gives its cursor; what is not a list of tools is ignored. */
  learn(answer: unknown): string | undefined {
    const parsed = toolList.safeParse(answer);
    if (!parsed.success) return undefined;
    for (const { name, annotations } of parsed.data.result.tools) {
      if (this.repeatable.size >= MAX_TOOLS && !this.repeatable.has(name)) return undefined;
      const { readOnlyHint, idempotentHint } = annotations ?? {};
      this.repeatable.set(name, readOnlyHint === true || idempotentHint === true);
    }
    return parsed.data.result.nextCursor;
  }

  /** As `learn`, from a body. */
  learnText(text: string): void {
    try {
      this.learn(JSON.parse(text));
    } catch {
      return;
    }
  }

  /**
   * Asks an instance for its tools, in the client's session. Gives the loss when it could not be
   * asked. Never rejects.
   */
  async ask(binding: Binding, path: string, headers: readonly string[]): Promise<Loss | null> {
    const deadline = performance.now() + ASK_TIMEOUT_MS;
    const own = protocolHeaders(headers);
    if (binding.upstreamId !== null) own.push(SESSION_HEADER, binding.upstreamId);
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const params = cursor === undefined ? {} : { cursor };
      const message = { jsonrpc: '2.0', id: `canary-tools-${page}`, method: 'tools/list', params };
      const body = Buffer.from(JSON.stringify(message));
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return null;
      const asked = await ask(
        binding.upstream,
        { method: 'POST', path, headers: own, body },
        leftMs,
      );
      if (asked.kind === 'lost') return asked.loss;
      if (asked.status >= 400) return { kind: 'cut', reason: `status ${asked.status}` };
      cursor = this.learn(asked.message);
      if (cursor === undefined) return null;
    }
    return null;
  }
}
