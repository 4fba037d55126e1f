/**
 * Which tools a second execution does not harm, learned from the `tools/list` answers that pass by.
 * Annotation defaults (MCP, ToolAnnotations): readOnlyHint false, idempotentHint false.
 */
import { z } from 'zod';
import type { ToolHints } from './replay.js';

const MAX_TOOLS = 5_000;

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
  }),
});

export class ToolCatalog implements ToolHints {
  private readonly repeatable = new Map<string, boolean>();

  isRepeatable(tool: string): boolean {
    return this.repeatable.get(tool) ?? false;
  }

  /** Takes a JSON-RPC answer; what is not a list of tools is ignored. */
  learn(answer: unknown): void {
    const parsed = toolList.safeParse(answer);
    if (!parsed.success) return;
    for (const { name, annotations } of parsed.data.result.tools) {
      if (this.repeatable.size >= MAX_TOOLS && !this.repeatable.has(name)) return;
      const { readOnlyHint, idempotentHint } = annotations ?? {};
      this.repeatable.set(name, readOnlyHint === true || idempotentHint === true);
    }
  }
}
