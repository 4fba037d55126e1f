import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../common/clock.js';
import type { HostPort, McpEndpoint } from '../../../config/types.js';
import { recordSuite } from '../../../orchestrator/smoke/record.js';
import { caseLines, suiteReason, type SuiteReport } from '../../../orchestrator/smoke/report.js';
import { runSuite } from '../../../orchestrator/smoke/run.js';
import { compareInstances, testCanary } from '../../../orchestrator/smoke/smoke.js';
import { readSuiteText, type Suite } from '../../../orchestrator/smoke/suite.js';
import { startEverything, startMcpProxy, type RunningServer } from '../../proxy/support/servers.js';
import { freePort } from '../../support/ports.js';
import { service } from '../rollout/simulation.js';
import { startRawServer, startSdkServer, type TestServer } from './servers.js';

const MCP: McpEndpoint = { kind: 'mcp', path: '/mcp' };
const SSE: McpEndpoint = { kind: 'sse', path: '/sse' };
const local = ({ port }: { readonly port: number }): HostPort => ({ host: '127.0.0.1', port });

let everything: RunningServer;
let legacy: RunningServer;
let proxied: RunningServer;
let made: TestServer;
const ran: string[] = [];
let flaky = 0;

beforeAll(async () => {
  [everything, legacy, proxied, made] = await Promise.all([
    startEverything('streamableHttp'),
    startEverything('sse'),
    startMcpProxy(),
    startSdkServer((server) => {
      const tool = (name: string, readOnlyHint: boolean, text: () => string): void => {
        server.registerTool(name, { annotations: { readOnlyHint } }, () => {
          ran.push(name);
          return { content: [{ type: 'text', text: text() }] };
        });
      };
      tool('read', true, () => 'a token: hunter2');
      tool('write', false, () => 'written');
      tool('flaky', true, () => ((flaky += 1) < 2 ? 'not yet' : 'done'));
      server.registerTool(
        'hang',
        { annotations: { readOnlyHint: true } },
        (ctx) =>
          new Promise((resolve) => {
            ctx.mcpReq.signal.addEventListener('abort', () => resolve({ content: [] }));
          }),
      );
      server.registerPrompt('greet', { argsSchema: z.object({ who: z.string() }) }, ({ who }) => ({
        messages: [{ role: 'user', content: { type: 'text', text: `Hello ${who}` } }],
      }));
    }),
  ]);
});

afterAll(async () => {
  await Promise.all([everything.kill(), legacy.kill(), proxied.kill(), made.close()]);
});

function suite(text: string): Suite {
  const reading = readSuiteText('suite.yaml', text);
  return reading.ok ? reading.suite : expect.fail(JSON.stringify(reading.problems));
}

function run(
  at: HostPort,
  text: string,
  { endpoint = MCP, timeoutMs = 20_000 }: { endpoint?: McpEndpoint; timeoutMs?: number } = {},
): Promise<SuiteReport> {
  const signal = AbortSignal.timeout(timeoutMs);
  return runSuite(at, endpoint, suite(text), { clock: systemClock, signal, quotes: true });
}

const EVERYTHING = `
setup: [{tool: echo, arguments: {message: first}}]
calls:
  - {tool: get-sum, arguments: {a: 40, b: 2}, expect: {matches: '\\b42\\b', within: 10s}}
  - tool: get-structured-content
    arguments: {location: Chicago}
    expect: {schema: {type: object, required: [temperature]}}
  - {tool: echo, arguments: {}, expect: {isError: true, contains: message}}
  - {prompt: simple-prompt, expect: {contains: prompt}}
  - {resource: 'demo://nowhere', expect: {error: -32602}}
  - {resource: 'demo://resource/static/document/architecture.md', expect: {contains: Server}}`;

describe('a suite passes', () => {
  it.each<[string, () => HostPort, McpEndpoint]>([
    ['over Streamable HTTP', () => local(everything), MCP],
    ['over legacy SSE', () => local(legacy), SSE],
    ['over mcp-proxy', () => local(proxied), MCP],
  ])('%s', async (_, at, endpoint) => {
    const report = await run(at(), EVERYTHING, { endpoint });
    expect(caseLines(report)).toEqual([]);
    expect(report.cases.map(({ name }) => name).slice(0, 3)).toEqual([
      'handshake',
      'tools/list',
      'tool echo',
    ]);
    expect(report.cases).toHaveLength(9);
    const times = report.cases.map(({ tookMs }) => tookMs);
    expect(times.reduce((total, ms) => total + ms)).toBeLessThanOrEqual(report.tookMs);
  });

  it('without sessions', async () => {
    const report = await run(
      made.at,
      `calls:
  - {tool: read, expect: {contains: token}}
  - {tool: write, writes: true, expect: {contains: written}}
  - {tool: flaky, retries: 3, expect: {contains: done}}
  - {prompt: greet, arguments: {who: you}, expect: {contains: Hello you}}`,
    );
    expect(caseLines(report)).toEqual([]);
    expect(report.cases.find(({ name }) => name === 'tool flaky')).toMatchObject({ attempts: 2 });
  });
});

describe('a suite fails', () => {
  it('for what writes and is not allowed to, which never runs', async () => {
    ran.length = 0;
    const report = await run(made.at, 'calls: [{tool: write}, {tool: read}]');
    expect(caseLines(report)).toEqual([
      'failed  tool write: the tool write is not annotated read-only: it runs only with `writes: true` at the call',
    ]);
    expect(ran).toEqual(['read']);
  });

  it('for a wrong answer, with what was wanted and what came', async () => {
    const report = await run(
      made.at,
      'calls: [{tool: read, name: r, expect: {contains: xyz}}, {tool: gone}]',
    );
    expect(suiteReason(report)).toBe(
      '2 of 4 cases passed; r: wanted text that contains "xyz", got "a token: hunter2"; ' +
        'tool gone: wanted the tool gone, got a list of tools without it',
    );
  });

  it('as a whole when a setup call fails', async () => {
    ran.length = 0;
    const report = await run(made.at, 'setup: [{tool: gone}]\ncalls: [{tool: read}]');
    expect(report.cases.map(({ outcome }) => outcome)).toEqual([
      'passed',
      'passed',
      'failed',
      'skipped',
    ]);
    expect(ran).toEqual([]);
  });

  it('for a call that takes too long, and goes on', async () => {
    const report = await run(made.at, 'calls: [{tool: hang, timeout: 200ms}, {tool: read}]');
    expect(report.cases.map(({ outcome }) => outcome)).toEqual([
      'passed',
      'passed',
      'failed',
      'passed',
    ]);
    expect(report.cases[2]!.problems[0]).toContain('timed out');
  });

  it('when its whole time is up', async () => {
    const report = await run(made.at, 'calls: [{tool: hang}, {tool: read}]', { timeoutMs: 3_000 });
    expect(report.cases.map(({ outcome }) => outcome)).toEqual([
      'passed',
      'passed',
      'failed',
      'skipped',
    ]);
  });

  it('when nobody listens', async () => {
    const report = await run(local({ port: await freePort() }), 'calls: [{tool: read}]');
    expect(report.cases.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'handshake failed',
      'tool read skipped',
    ]);
    expect(report.cases[0]!.problems[0]).toContain('ECONNREFUSED');
  });

  it('for lists whose cursor never ends, and for one that never comes', async () => {
    let page = 0;
    const endless = await startRawServer((method) =>
      method === 'tools/list' ? { tools: [], nextCursor: String((page += 1)) } : {},
    );
    const silent = await startRawServer(() => undefined);
    const [paged, hung] = await Promise.all([
      run(endless.at, 'calls: [{tool: read}]'),
      run(silent.at, 'calls: [{tool: read}]', { timeoutMs: 2_000 }),
    ]);
    await Promise.all([endless.close(), silent.close()]);
    expect(paged.cases[1]!).toMatchObject({ name: 'tools/list', outcome: 'failed' });
    expect(page).toBeLessThan(100);
    expect(hung.cases[1]!).toMatchObject({ name: 'tools/list', outcome: 'failed' });
  });
});

describe('a recording', () => {
  const record = (at: HostPort): ReturnType<typeof recordSuite> =>
    recordSuite(at, MCP, {
      clock: systemClock,
      signal: AbortSignal.timeout(60_000),
      timeoutMs: 2_000,
    });

  it('passes on the server that it was made from, and lists what it left out', async () => {
    const recording = await record(local(everything));
    const { text, calls, leftOut } = recording.ok ? recording : expect.fail(recording.reason);
    expect(calls + leftOut).toBe(13);
    expect(text).toContain('location: New York');
    expect(text).toContain('# echo: its schema offers no value for message');
    expect(text).toContain('# toggle-simulated-logging: it is not annotated read-only');
    expect(text).toContain('# trigger-long-running-operation: it gave no answer');
    const report = await run(local(everything), text);
    expect(caseLines(report)).toEqual([]);
    expect(report.cases).toHaveLength(calls + 2);
  });

  it('runs nothing that writes and keeps no answer', async () => {
    ran.length = 0;
    const recording = await record(made.at);
    expect(ran).not.toContain('write');
    expect(recording.ok && recording.text).not.toContain('hunter2');
  });

  it('of a tool with a wild name is still a suite', async () => {
    const name = 'a\n- b: # "\u0007';
    const annotations = { readOnlyHint: true };
    const inputSchema = { type: 'object' };
    const wild = await startRawServer((method) =>
      method === 'tools/list'
        ? {
            tools: [
              { name, annotations, inputSchema },
              { name: `${name}2`, inputSchema },
            ],
          }
        : { content: [] },
    );
    const recording = await record(wild.at);
    await wild.close();
    const { calls } = suite(recording.ok ? recording.text : expect.fail(recording.reason));
    expect(calls.map(({ request }) => request)).toEqual([{ kind: 'tool', name, arguments: {} }]);
  });
});

describe('a canary', () => {
  const parts = { clock: systemClock, onProgress: () => undefined };
  const between = (stable: HostPort, canary: HostPort): typeof service => ({
    ...service,
    stable,
    canary,
    contract: { breaking: 'refuse', allow: [] },
  });
  const testIt = (config: typeof service, text: string | null = null) =>
    testCanary(config, text === null ? null : suite(text), {
      ...parts,
      signal: AbortSignal.timeout(60_000),
    });

  it('that is main’s like keeps the contract and answers', async () => {
    const result = await testIt(between(local(everything), local(everything)), EVERYTHING);
    expect(result).toMatchObject({ passed: true, contract: { changes: [], refused: 0 } });
    expect(result.reason).toBe(
      "smoke test: 9 of 9 cases passed; the contract holds (the same as main's)",
    );
  });

  it('that breaks the contract is not called', async () => {
    ran.length = 0;
    const result = await testIt(between(local(everything), made.at), 'calls: [{tool: read}]');
    expect(result).toMatchObject({ passed: false, suite: null });
    expect(result.reason).toContain('tool echo is gone');
    expect(result.contract!.changes.map(({ about }) => about)).toContain(
      'server protocol 2026-07-28',
    );
    expect(ran).toEqual([]);
  });

  it('that answers wrongly is not quoted: what is kept and shown holds nothing of an answer', async () => {
    const config = { ...between(made.at, made.at), contract: null };
    const wrong = 'calls: [{tool: read, expect: {contains: xyz}}]';
    const result = await testIt(config, wrong);
    expect(result.reason).toContain('wanted text that contains "xyz", got text of 16 characters');
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  it('whose breaking contract is allowed is called', async () => {
    const config = between(local(everything), made.at);
    const contract = { breaking: 'allow', allow: [] } as const;
    const result = await testIt({ ...config, contract }, 'calls: [{tool: read}]');
    expect(result).toMatchObject({ passed: true, contract: { refused: 0 } });
    expect(result.contract!.allowed).toBeGreaterThan(5);
  });

  it('is not passed when main cannot be read', async () => {
    const nobody = local({ port: await freePort() });
    const compared = await compareInstances(
      between(nobody, made.at),
      MCP,
      AbortSignal.timeout(10_000),
    );
    expect(compared).toMatchObject({ ok: false, reason: expect.stringContaining('main on port') });
  });
});
