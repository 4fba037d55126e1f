import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostPort } from '../../../config/types.js';
import { incompatibilities } from '../../../orchestrator/probe/compatibility.js';
import { probe } from '../../../orchestrator/probe/probe.js';
import { freePort } from '../../support/ports.js';
import { start, type Started } from '../../support/processes.js';
import { waitFor } from '../../support/wait.js';
import { service } from '../rollout/simulation.js';
import { EVERYTHING } from '../../../demo/everything.js';

const TIMEOUT_MS = 5_000;

const servers: Started[] = [];
const fakes: Server[] = [];
let streamable: HostPort;
let legacy: HostPort;

async function serve(transport: string): Promise<HostPort> {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port) };
  servers.push(start(process.execPath, [EVERYTHING, transport], { env }));
  const at = { host: '127.0.0.1', port };
  await waitFor(async () => (await probe(at, { kind: 'tcp' }, TIMEOUT_MS)).ok, {
    what: `${transport} on port ${port}`,
  });
  return at;
}

/** An HTTP server that answers each request with a status, or not at all. */
async function fake(status: number | null): Promise<HostPort> {
  const port = await freePort();
  const server = createServer((_, res) => {
    if (status !== null) res.writeHead(status).end();
  });
  fakes.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port };
}

beforeAll(async () => {
  [streamable, legacy] = await Promise.all([serve('streamableHttp'), serve('sse')]);
});

afterAll(async () => {
  for (const server of fakes) {
    server.closeAllConnections();
    server.close();
  }
  await Promise.all(servers.map((each) => each.end()));
});

describe('a probe', () => {
  it('shakes hands with a server over Streamable HTTP and over legacy SSE', async () => {
    const newest = await probe(streamable, { kind: 'mcp', path: '/mcp' }, TIMEOUT_MS);
    expect(newest).toMatchObject({ ok: true, server: { protocolVersion: '2025-11-25' } });
    expect(newest.ok && newest.server?.capabilities).toContain('tools');
    const old = await probe(legacy, { kind: 'sse', path: '/sse' }, TIMEOUT_MS);
    expect(old).toMatchObject({ ok: true, server: { name: expect.any(String) } });
  });

  it('asks for one protocol version and takes no other', async () => {
    const how = { kind: 'mcp', path: '/mcp' } as const;
    const spoken = await probe(streamable, how, TIMEOUT_MS, '2025-06-18');
    expect(spoken).toMatchObject({ ok: true, server: { protocolVersion: '2025-06-18' } });
    expect((await probe(streamable, how, TIMEOUT_MS, '2026-07-28')).ok).toBe(false);
  });

  it('tells what is missing', async () => {
    const nobody = { host: '127.0.0.1', port: await freePort() };
    for (const kind of ['mcp', 'http'] as const) {
      const outcome = await probe(nobody, { kind, path: '/x' }, TIMEOUT_MS);
      expect(outcome).toMatchObject({ ok: false, reason: expect.stringContaining('ECONNREFUSED') });
    }
    const failing = await probe(await fake(503), { kind: 'http', path: '/health' }, TIMEOUT_MS);
    expect(failing).toEqual({ ok: false, reason: 'GET /health answered 503' });
    const fine = await probe(await fake(204), { kind: 'http', path: '/health' }, TIMEOUT_MS);
    expect(fine).toEqual({ ok: true, server: null });
  });

  it('ends by itself when nobody answers', async () => {
    const silent = await fake(null);
    for (const kind of ['mcp', 'sse', 'http'] as const) {
      expect((await probe(silent, { kind, path: '/mcp' }, 300)).ok).toBe(false);
    }
  });
});

describe('a canary that is to take over sessions', () => {
  const negotiated = {
    protocolVersions: { '2025-06-18': 3 },
    clientCapabilities: {},
    serverCapabilities: { tools: 3 },
    statelessVersions: {},
  };
  const between = (stable: HostPort, canary: HostPort): typeof service => ({
    ...service,
    stable,
    canary,
  });

  it('is fit when it holds what they agreed on', async () => {
    const config = between(streamable, streamable);
    expect(await incompatibilities(config, negotiated, TIMEOUT_MS)).toEqual([]);
  });

  it('is unfit without a capability that they were promised', async () => {
    const wanted = { ...negotiated, serverCapabilities: { tools: 3, telepathy: 2 } };
    const config = between(streamable, streamable);
    expect(await incompatibilities(config, wanted, TIMEOUT_MS)).toEqual([
      'capability telepathy, which 2 were promised',
    ]);
  });

  it('is unfit without their version, unless main does not speak it either', async () => {
    const deaf = await fake(404);
    const [problem, ...more] = await incompatibilities(
      between(streamable, deaf),
      negotiated,
      TIMEOUT_MS,
    );
    expect(problem).toContain('protocol version 2025-06-18, which 3 speak');
    expect(more).toEqual([]);
    expect(await incompatibilities(between(deaf, deaf), negotiated, TIMEOUT_MS)).toEqual([]);
  });
});
