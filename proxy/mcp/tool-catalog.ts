/**
 * Which tools a second execution does not harm: learned from the `tools/list` answers that pass by,
 * asked for after a call to a tool that is not known, and once more when such a call has been lost.
 * Annotation defaults (MCP, ToolAnnotations): readOnlyHint false, idempotentHint false.
 */
import { z } from 'zod';
import { SESSION_HEADER } from '../headers.js';
import type { Binding } from '../pin.js';
import type { Loss } from '../http1/exchange.js';
import { ask } from './ask.js';
import { protocolHeaders } from './handshake.js';
import type { Message } from './message-scanner.js';
import { toolsCalled } from './replay.js';

const MAX_TOOLS = 5_000;
const MAX_PAGES = 20;
/** Less than the two seconds within which a lost call is to be answered. */
const ASK_TIMEOUT_MS = 1_200;
/** Between two questions ahead: a server may not list what it is called for. */
const ASK_AHEAD_EVERY_MS = 10_000;

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
  private askAheadAt = 0;

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
   * Asks in the background for what is not known of the tools, while the instance is there: when it
   * is lost there may be nobody to ask. Clients that call without a list, and those of a proxy that
   * was restarted, bring none.
   */
  askAhead(
    request: HintRequest & { readonly messages: readonly Message[] },
    binding: Binding,
  ): void {
    const now = performance.now();
    if (now < this.askAheadAt) return;
    if (toolsCalled(request.messages).every((tool) => this.knows(tool))) return;
    this.askAheadAt = now + ASK_AHEAD_EVERY_MS;
    void this.ask(binding, request);
  }

  /**
   * Asks an instance for its tools, in the name of the client that sent `request`. Gives the loss
   * when it could not be asked. Never rejects.
   */
  async ask({ upstream, upstreamId }: Binding, request: HintRequest): Promise<Loss | null> {
    const deadline = performance.now() + ASK_TIMEOUT_MS;
    const headers = [...protocolHeaders(request.headers), 'mcp-method', 'tools/list'];
    if (upstreamId !== null) headers.push(SESSION_HEADER, upstreamId);
    const meta = metaOf(request.body);
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const params = { ...meta, ...(cursor !== undefined && { cursor }) };
      const message = { jsonrpc: '2.0', id: `canary-tools-${page}`, method: 'tools/list', params };
      const body = Buffer.from(JSON.stringify(message));
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return null;
      const post = { method: 'POST' as const, path: request.path, headers, body };
      const asked = await ask(upstream, post, leftMs);
      if (asked.kind === 'lost') return asked.loss;
      if (asked.status >= 400) return { kind: 'cut', reason: `status ${asked.status}` };
      cursor = this.learn(asked.message);
      if (cursor === undefined) return null;
    }
    return null;
  }
}

/** The client's request whose tools are asked for. */
export interface HintRequest {
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const withMeta = z.object({
  params: z.object({ _meta: z.record(z.string(), z.unknown()) }),
});

/** In the stateless revision each request says in `_meta` who asks, and in which version. */
function metaOf(body: Buffer): { readonly _meta?: Readonly<Record<string, unknown>> } {
  try {
    const parsed = withMeta.safeParse(JSON.parse(body.toString('utf8')));
    if (!parsed.success) return {};
    const own = Object.entries(parsed.data.params._meta).filter(
      ([name]) => name !== 'progressToken',
    );
    return { _meta: Object.fromEntries(own) };
  } catch {
    return {};
  }
}
