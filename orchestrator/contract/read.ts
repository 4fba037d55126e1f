/** Reads a running server's contract. */
import type { Client } from '@modelcontextprotocol/client';
import type { HostPort, McpEndpoint } from '../../config/types.js';
import { troubleOf, REVISIONS, serverInfoOf, withServer } from '../mcp/connection.js';
import {
  listPrompts,
  listResources,
  listTemplates,
  listTools,
  type ListedPrompt,
  type ListedTool,
} from '../mcp/lists.js';
import { probe } from '../probe/probe.js';
import type { Contract, PromptPromise, ResourcePromise, ToolPromise } from './contract.js';

/** Of each request. */
const REQUEST_TIMEOUT_MS = 10_000;

export type ContractReading =
  | { readonly ok: true; readonly contract: Contract }
  | { readonly ok: false; readonly reason: string };

/** Reads once. Never rejects; settles soon after the signal is aborted. */
export async function readContract(
  at: HostPort,
  endpoint: McpEndpoint,
  signal: AbortSignal,
): Promise<ContractReading> {
  const options = { timeoutMs: REQUEST_TIMEOUT_MS, signal };
  try {
    const lists = await withServer(at, endpoint, options, (client) => readLists(client, signal));
    const revisions = await spokenRevisions(at, endpoint, signal);
    return { ok: true, contract: { ...lists, revisions } };
  } catch (error) {
    return { ok: false, reason: troubleOf(error) };
  }
}

async function readLists(
  client: Client,
  signal: AbortSignal,
): Promise<Omit<Contract, 'revisions'>> {
  const options = { timeout: REQUEST_TIMEOUT_MS, signal };
  const { name, version, capabilities } = serverInfoOf(client);
  const tools = await listTools(client, options);
  const prompts = await listPrompts(client, options);
  const resources = await listResources(client, options);
  const templates = await listTemplates(client, options);
  return {
    server: name,
    version,
    capabilities,
    tools: tools.map(toolPromise),
    prompts: prompts.map(promptPromise),
    resources: resources.map(({ uri, mimeType }) => resource(uri, mimeType)),
    templates: templates.map(({ uriTemplate, mimeType }) => resource(uriTemplate, mimeType)),
  };
}

function toolPromise({
  name,
  description = '',
  inputSchema,
  outputSchema,
  annotations = {},
}: ListedTool): ToolPromise {
  const hints = {
    readOnly: annotations.readOnlyHint ?? false,
    destructive: annotations.destructiveHint ?? true,
    idempotent: annotations.idempotentHint ?? false,
    openWorld: annotations.openWorldHint ?? true,
  };
  return { name, description, input: inputSchema, output: outputSchema ?? null, hints };
}

function promptPromise({
  name,
  description = '',
  arguments: wanted = [],
}: ListedPrompt): PromptPromise {
  const parameters = wanted.map((each) => ({ name: each.name, required: each.required ?? false }));
  return { name, description, arguments: parameters };
}

function resource(uri: string, mimeType: string | undefined): ResourcePromise {
  return { uri, mimeType: mimeType ?? null };
}

async function spokenRevisions(
  at: HostPort,
  endpoint: McpEndpoint,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const spoken: string[] = [];
  for (const revision of REVISIONS) {
    signal.throwIfAborted();
    if ((await probe(at, endpoint, REQUEST_TIMEOUT_MS, revision)).ok) spoken.push(revision);
  }
  return spoken;
}
