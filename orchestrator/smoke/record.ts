/**
 * A first suite, written from a running server: each tool that only reads is called once with what
 * its schema offers, and stands in the suite when that worked. Answers are not recorded: they may
 * hold secrets, and change.
 */
import type { Client } from '@modelcontextprotocol/client';
import { stringify } from 'yaml';
import type { Clock } from '../../common/clock.js';
import type { HostPort, McpEndpoint } from '../../config/types.js';
import { troubleOf, withServer } from '../mcp/connection.js';
import { listTools, type ListedTool } from '../mcp/lists.js';
import { ask } from './answer.js';
import { exampleOf } from './example.js';
import { excerpt } from './excerpt.js';
import { mismatches } from './expect.js';
import { MAX_CALLS, PLAIN_RESULT } from './suite.js';

const REQUEST_TIMEOUT_MS = 10_000;

export interface RecordOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Slower tools are left out, milliseconds. */
  readonly timeoutMs: number;
}

export type Recording =
  | {
      readonly ok: true;
      /** The suite file's text. */
      readonly text: string;
      readonly calls: number;
      readonly leftOut: number;
    }
  | { readonly ok: false; readonly reason: string };

interface Call {
  readonly tool: string;
  readonly arguments?: unknown;
}

interface LeftOut {
  readonly tool: string;
  readonly why: string;
}

/** Records once. Never rejects for what the server does. */
export async function recordSuite(
  at: HostPort,
  endpoint: McpEndpoint,
  options: RecordOptions,
): Promise<Recording> {
  const connect = { timeoutMs: REQUEST_TIMEOUT_MS, signal: options.signal };
  try {
    return await withServer(at, endpoint, connect, (client) => record(client, options));
  } catch (error) {
    return { ok: false, reason: troubleOf(error) };
  }
}

async function record(client: Client, options: RecordOptions): Promise<Recording> {
  const { signal } = options;
  const tools = await listTools(client, { timeout: REQUEST_TIMEOUT_MS, signal });
  const calls: Call[] = [];
  const leftOut: LeftOut[] = [];
  for (const tool of tools) {
    const { name } = tool;
    const tried =
      calls.length < MAX_CALLS ? await tryTool(client, tool, options) : 'the suite is full';
    if (typeof tried === 'string') leftOut.push({ tool: name, why: tried });
    else calls.push(tried);
  }
  if (calls.length === 0) {
    const why = leftOut.map(({ tool, why }) => `${excerpt(tool)}: ${why}`).join('\n');
    return { ok: false, reason: `no tool can be called as it stands\n${why}` };
  }
  return {
    ok: true,
    text: suiteText(calls, leftOut),
    calls: calls.length,
    leftOut: leftOut.length,
  };
}

/** The call, or why there is none. */
async function tryTool(
  client: Client,
  { name, annotations, inputSchema }: ListedTool,
  { clock, signal, timeoutMs }: RecordOptions,
): Promise<Call | string> {
  if (annotations?.readOnlyHint !== true) return 'it is not annotated read-only';
  const example = exampleOf(inputSchema);
  if (!example.ok) {
    const at = example.at === '' ? 'its arguments' : example.at;
    return `its schema offers no value for ${at}`;
  }
  const own = example.value as Readonly<Record<string, unknown>>;
  const request = { kind: 'tool', name, arguments: own } as const;
  const answer = await ask(client, request, { timeoutMs, signal, now: () => clock.now() });
  const [wrong] = mismatches(answer, PLAIN_RESULT, true);
  if (wrong !== undefined) return `it gave ${answer.kind === 'result' ? 'an error' : wrong.got}`;
  return Object.keys(own).length === 0 ? { tool: name } : { tool: name, arguments: own };
}

function suiteText(calls: readonly Call[], leftOut: readonly LeftOut[]): string {
  const head = [
    '# A first smoke suite: calls to read-only tools that worked when it was written.',
    '# Add what you expect of the answers, for example:',
    '#   expect: {contains: some text, within: 2s}',
  ];
  const tail = leftOut.map(({ tool, why }) => `# ${excerpt(tool)}: ${why}`);
  return [
    ...head,
    stringify({ calls }).trimEnd(),
    ...(tail.length === 0 ? [] : ['', '# Left out:', ...tail]),
    '',
  ].join('\n');
}
