/** The settings `smoke` and `contract` of `canary.yaml`: what a canary must pass before it gets any traffic. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { duration, list, oneOf, section, text } from './shapes.js';
import type { ContractPolicy, McpEndpoint, Probe, SmokeTest } from './types.js';

const file = text(/^[^\0]{1,4000}$/s, "a suite file's path, or null for none");

/** With neither of its own, a smoke test takes as long as this at most. */
const DEFAULT_TIMEOUT = '10m';
const timeout = duration({ minMs: 1000, maxMs: 3_600_000 });

const smokeSection = section({
  suite: file.describe("The suite file, relative to this file's folder."),
  timeout: timeout
    .optional()
    .describe('How long the whole test may take, the contract check included.')
    .meta({ default: DEFAULT_TIMEOUT }),
});

const allowed = text(
  /^(tool|prompt|resource|template|server) [^\0]{1,500}$/s,
  'what a difference is about, such as `tool search` or `resource *`',
);

const contractSection = section({
  breaking: oneOf(['refuse', 'allow'])
    .optional()
    .describe('Whether a breaking difference stops the rollout; `refuse` by default.'),
  allow: list(allowed, 0, 200, 'differences that are allowed, such as `tool search-v1`')
    .optional()
    .describe('Breaking differences that are wanted; `*` stands for any text.'),
});

/** The two keys, for `defaults` and each service. */
export const beforeTraffic = {
  smoke: z
    .union([z.null(), file.transform((suite) => ({ suite })), smokeSection])
    .optional()
    .describe(
      'A suite of calls that the started canary must answer rightly before it gets traffic.',
    ),
  contract: z
    .union([oneOf(['refuse', 'allow', 'off']), contractSection])
    .optional()
    .describe(
      "What is done when the canary's tools, prompts and resources break what main's promise. `refuse` by default, where the probe speaks MCP.",
    ),
};

type Written<K extends keyof typeof beforeTraffic> = z.output<(typeof beforeTraffic)[K]>;

/** The test that is meant, its suite seen from the folder. */
export function resolveSmoke(written: Written<'smoke'>, folder: string): SmokeTest | null {
  if (written === undefined || written === null) return null;
  const timeoutMs = ('timeout' in written ? written.timeout : undefined) ?? defaultTimeoutMs;
  return { suite: resolve(folder, written.suite), timeoutMs };
}

const defaultTimeoutMs = timeout.parse(DEFAULT_TIMEOUT);

/** The policy that is meant; null: the contract is not checked. */
export function resolveContract(written: Written<'contract'>, probe: Probe): ContractPolicy | null {
  const speaksMcp = probe.kind === 'mcp' || probe.kind === 'sse';
  const meant = written ?? (speaksMcp ? 'refuse' : 'off');
  if (meant === 'off') return null;
  if (typeof meant === 'string') return { breaking: meant, allow: [] };
  return { breaking: meant.breaking ?? 'refuse', allow: meant.allow ?? [] };
}

/** Where an instance speaks MCP: as its probe does, else on the first path for it; null: nowhere. */
export function endpointOf({
  probe,
  mcpPaths,
  ssePaths,
}: {
  readonly probe: Probe;
  readonly mcpPaths: readonly string[];
  readonly ssePaths: readonly string[];
}): McpEndpoint | null {
  if (probe.kind === 'mcp' || probe.kind === 'sse') return probe;
  const [mcp] = mcpPaths;
  if (mcp !== undefined) return { kind: 'mcp', path: mcp };
  const [sse] = ssePaths;
  return sse === undefined ? null : { kind: 'sse', path: sse };
}
