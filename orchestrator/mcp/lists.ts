/** What a server lists, whole and bounded. A server that does not claim to have a kind of thing has none. */
import { ProtocolError, type Client, type RequestOptions } from '@modelcontextprotocol/client';

/** More of one kind than this are no list. The client itself stops at 64 pages. */
const MAX_LISTED = 10_000;
/** JSON-RPC's code for it. */
const METHOD_NOT_FOUND = -32_601;

type Lists = {
  readonly tools: Awaited<ReturnType<Client['listTools']>>['tools'];
  readonly prompts: Awaited<ReturnType<Client['listPrompts']>>['prompts'];
  readonly resources: Awaited<ReturnType<Client['listResources']>>['resources'];
  readonly resourceTemplates: Awaited<
    ReturnType<Client['listResourceTemplates']>
  >['resourceTemplates'];
};

export type ListedTool = Lists['tools'][number];
export type ListedPrompt = Lists['prompts'][number];

/** @throws Error when the server does not answer, or its list does not end. */
export async function listTools(client: Client, options: RequestOptions): Promise<Lists['tools']> {
  if (client.getServerCapabilities()?.tools === undefined) return [];
  return bounded((await client.listTools(undefined, options)).tools, 'tools');
}

/** @throws Error as {@link listTools} does. */
export async function listPrompts(
  client: Client,
  options: RequestOptions,
): Promise<Lists['prompts']> {
  if (client.getServerCapabilities()?.prompts === undefined) return [];
  return bounded((await client.listPrompts(undefined, options)).prompts, 'prompts');
}

/** @throws Error as {@link listTools} does. */
export async function listResources(
  client: Client,
  options: RequestOptions,
): Promise<Lists['resources']> {
  if (client.getServerCapabilities()?.resources === undefined) return [];
  return bounded((await client.listResources(undefined, options)).resources, 'resources');
}

/**
 * A server with resources need not know the method.
 * @throws Error as {@link listTools} does.
 */
export async function listTemplates(
  client: Client,
  options: RequestOptions,
): Promise<Lists['resourceTemplates']> {
  if (client.getServerCapabilities()?.resources === undefined) return [];
  try {
    const { resourceTemplates } = await client.listResourceTemplates(undefined, options);
    return bounded(resourceTemplates, 'resource templates');
  } catch (error) {
    if (error instanceof ProtocolError && error.code === METHOD_NOT_FOUND) return [];
    throw error;
  }
}

function bounded<T>(list: T[], what: string): T[] {
  if (list.length <= MAX_LISTED) return list;
  throw new Error(`it lists ${list.length} ${what}, wanted at most ${MAX_LISTED}`);
}
