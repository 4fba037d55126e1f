/** Many agents with open streams, and a steady rate of calls over all of them. */
import { randomUUID } from 'node:crypto';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** A call without an answer for longer is lost. */
const HANG_MS = 60_000;
const TICK_MS = 50;
const OPENED_AT_ONCE = 16;
/** Every so manieth call is to the tool that is not read-only. */
const APPEND_EVERY = 3;
const MAX_ERRORS = 20;

export interface Tally {
  calls: number;
  lost: number;
  /** Calls that were due while the agent whose turn it was still waited for its last one. */
  skipped: number;
  slowestMs: number;
  /** What lost calls said, and how often; of the first few kinds. */
  readonly errors: Map<string, number>;
}

interface Agent {
  readonly client: Client;
  isBusy: boolean;
}

export class Crowd {
  readonly tally: Tally = { calls: 0, lost: 0, skipped: 0, slowestMs: 0, errors: new Map() };
  private readonly agents: Agent[];
  private readonly underWay = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | null = null;
  private turn = 0;

  private constructor(agents: Agent[]) {
    this.agents = agents;
  }

  /** Connects all agents; they are spread over the URLs. */
  static async connect(urls: readonly string[], size: number): Promise<Crowd> {
    const agents: Agent[] = [];
    while (agents.length < size) {
      const count = Math.min(OPENED_AT_ONCE, size - agents.length);
      const from = agents.length;
      const batch = Array.from({ length: count }, (_, i) =>
        connected(urls[(from + i) % urls.length] ?? ''),
      );
      agents.push(...(await Promise.all(batch)));
    }
    return new Crowd(agents);
  }

  /** Calls at that rate until `stop`. */
  start(callsPerSecond: number): void {
    let startedAt = performance.now();
    let due = 0;
    this.timer = setInterval(() => {
      const now = performance.now();
      due += ((now - startedAt) / 1_000) * callsPerSecond;
      startedAt = now;
      for (; due >= 1; due -= 1) this.callNext();
    }, TICK_MS);
  }

  /** Ends when the calls under way have their answers. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await Promise.all(this.underWay);
  }

  async close(): Promise<void> {
    await Promise.all(this.agents.map(({ client }) => client.close()));
  }

  private callNext(): void {
    const agent = this.agents[this.turn % this.agents.length];
    this.turn += 1;
    if (agent === undefined || agent.isBusy) {
      this.tally.skipped += 1;
      return;
    }
    const work = this.call(agent, this.turn % APPEND_EVERY === 0 ? 'append' : 'lookup');
    this.underWay.add(work);
    void work.finally(() => this.underWay.delete(work));
  }

  private async call(agent: Agent, name: string): Promise<void> {
    const { tally } = this;
    const startedAt = performance.now();
    const key = randomUUID();
    agent.isBusy = true;
    const problem = await agent.client
      .callTool({ name, arguments: { key, ms: 5 } }, undefined, { timeout: HANG_MS })
      .then(({ content }) => (JSON.stringify(content).includes(key) ? null : 'another answer'))
      .catch((error: unknown) => String(error));
    agent.isBusy = false;
    tally.calls += 1;
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startedAt);
    if (problem === null) return;
    tally.lost += 1;
    const kind = `${name}: ${problem}`;
    const seen = tally.errors.get(kind);
    if (seen !== undefined || tally.errors.size < MAX_ERRORS)
      tally.errors.set(kind, (seen ?? 0) + 1);
  }
}

async function connected(url: string): Promise<Agent> {
  const client = new Client({ name: 'soak', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return { client, isBusy: false };
}
