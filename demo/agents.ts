/** Agents: real MCP SDK clients (both generations) that open a session, call tools, leave, and come again. */
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** What became of the agents' calls. */
export interface Tally {
  sessions: number;
  ok: number;
  /** Results with `isError: true`: the tool failed, the call did not. */
  toolErrors: number;
  /** Calls and handshakes that threw, and why. */
  failures: string[];
}

export interface AgentOptions {
  readonly url: string;
  readonly agents: number;
  /** Calls in one session. */
  readonly callsPerSession: number;
  /** Between two calls of one agent. */
  readonly pauseMs: number;
}

export interface Agents {
  readonly tally: Readonly<Tally>;
  /** Ends after each agent's present call; sessions are closed. */
  stop(): Promise<void>;
}

/** How long an agent waits for an answer: long enough that only a hang exceeds it. */
const CALL_TIMEOUT_MS = 20_000;
/** Failures that are kept; the rest are only counted by the length that is not there. */
const MAX_FAILURES = 1_000;

interface Session {
  /** Calls the tool `echo`; true when the tool says that it failed. */
  echo(message: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Starts agents that call until they are stopped. Half of them use each SDK generation. */
export function startAgents(options: AgentOptions): Agents {
  const tally: Tally = { sessions: 0, ok: 0, toolErrors: 0, failures: [] };
  const stopping = new AbortController();
  setMaxListeners(options.agents + 1, stopping.signal);
  const work = Array.from({ length: options.agents }, (_, index) =>
    agent(options, index, tally, stopping.signal),
  );
  return {
    tally,
    stop: async () => {
      stopping.abort();
      await Promise.all(work);
    },
  };
}

async function agent(
  { url, callsPerSession, pauseMs }: AgentOptions,
  index: number,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const open = index % 2 === 0 ? openV1 : openV2;
  const stopped = (): boolean => signal.aborted;
  while (!stopped()) {
    let session: Session | null = null;
    try {
      session = await open(new URL(url));
      tally.sessions += 1;
      for (let call = 0; call < callsPerSession && !stopped(); call += 1) {
        if (await session.echo(`agent ${index}, call ${call}`)) tally.toolErrors += 1;
        else tally.ok += 1;
        await rest(pauseMs, signal);
      }
    } catch (error) {
      if (tally.failures.length < MAX_FAILURES) tally.failures.push(String(error));
      await rest(pauseMs, signal);
    } finally {
      await session?.close().catch((error: unknown) => tally.failures.push(String(error)));
    }
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

async function openV1(url: URL): Promise<Session> {
  const client = new ClientV1({ name: 'agent-v1', version: '1' });
  const transport = new TransportV1(url);
  await client.connect(transport, { timeout: CALL_TIMEOUT_MS });
  return {
    echo: async (message) => {
      const call = { name: 'echo', arguments: { message } };
      const result = await client.callTool(call, undefined, { timeout: CALL_TIMEOUT_MS });
      return result.isError === true;
    },
    close: async () => {
      await transport.terminateSession();
      await client.close();
    },
  };
}

async function openV2(url: URL): Promise<Session> {
  const client = new ClientV2({ name: 'agent-v2', version: '1' });
  const transport = new TransportV2(url);
  await client.connect(transport, { timeout: CALL_TIMEOUT_MS });
  return {
    echo: async (message) => {
      const call = { name: 'echo', arguments: { message } };
      const result = await client.callTool(call, { timeout: CALL_TIMEOUT_MS });
      return result.isError === true;
    },
    close: async () => {
      await transport.terminateSession();
      await client.close();
    },
  };
}
