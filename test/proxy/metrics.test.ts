import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { LabServer } from './support/lab-server.js';
import { route, startProxy, type TestProxy } from './support/proxies.js';
import { WireClient } from './support/wire-client.js';

describe('what Prometheus is told', () => {
  let stable: LabServer;
  let canary: LabServer;
  let proxy: TestProxy;
  let ports: { stable: number; canary: number };

  beforeAll(async () => {
    stable = await LabServer.start();
    canary = await LabServer.start();
    ports = { stable: stable.port, canary: canary.port };
    proxy = await startProxy(ports);
  });
  afterAll(async () => {
    await proxy.dispose();
    await Promise.all([stable.kill(), canary.kill()]);
  });

  /** All samples, by name and labels. */
  async function scrape(): Promise<Map<string, number>> {
    const { host, port } = proxy.config.proxy.metrics;
    const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => [
        line.slice(0, line.lastIndexOf(' ')).trimEnd(),
        Number(line.slice(line.lastIndexOf(' '))),
      ]),
    );
  }

  const call = (labels: string) => `service="svc",track="stable",tool="write"${labels}`;

  it('calls by track, tool and outcome, with both latencies', async () => {
    const client = await WireClient.open(proxy.url);
    await client.call('write', { ms: 500, sse: true, early: true });
    await client.call('write', { outcome: 'tool_error' });
    const seen = await scrape();
    const calls = 'canary_mcp_calls_total';
    expect(seen.get(`${calls}{${call(',outcome="ok"')}}`)).toBe(1);
    expect(seen.get(`${calls}{${call(',outcome="tool_error"')}}`)).toBe(1);
    expect(seen.get(`${calls}{${call(',outcome="cut"')}}`)).toBe(0);
    const duration = 'canary_mcp_call_duration_seconds';
    expect(seen.get(`${duration}_count{${call('')}}`)).toBe(2);
    expect(seen.get(`${duration}_bucket{${call(',le="0.05"')}}`)).toBeLessThanOrEqual(1);
    expect(seen.get(`${duration}_bucket{${call(',le="+Inf"')}}`)).toBe(2);
    const firstByte = 'canary_mcp_first_byte_seconds';
    // The handshake's is one of them.
    const first = seen.get(`${firstByte}_sum{service="svc",track="stable"}`)!;
    const tools = [...seen].filter(([name]) => name.startsWith(`${duration}_sum{`));
    const whole = tools.reduce((sum, [, seconds]) => sum + seconds, 0);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(whole - 0.2);
    await client.delete();
  });

  it('no first byte of a call that was not answered', async () => {
    const firstBytes = 'canary_mcp_first_byte_seconds_count{service="svc",track="stable"}';
    const client = await WireClient.open(proxy.url);
    const before = await scrape();
    await client.call('cut-off', { outcome: 'cut' });
    const seen = await scrape();
    const labels = 'service="svc",track="stable",tool="cut-off"';
    expect(seen.get(`canary_mcp_call_duration_seconds_count{${labels}}`)).toBe(1);
    expect(seen.get(firstBytes)).toBe(before.get(firstBytes));
    await client.delete();
  });

  it('sessions that their clients end, each once', async () => {
    const deleted = 'canary_sessions_ended_total{service="svc",track="stable",reason="deleted"}';
    const before = (await scrape()).get(deleted)!;
    const client = await WireClient.open(proxy.url);
    expect((await scrape()).get(deleted)).toBe(before);
    await client.delete();
    await client.delete();
    expect((await scrape()).get(deleted)).toBe(before + 1);
  });

  it('sessions and streams by track, and why sessions moved', async () => {
    const moved = 'canary_sessions_moved_total{service="svc"';
    const before = await scrape();
    expect(before.get('canary_sessions{service="svc",track="canary"}')).toBe(0);
    expect(before.get(`${moved},reason="drained",result="failed"}`)).toBe(0);
    expect(before.get('canary_sessions_lost_total{service="svc",reason="unreachable"}')).toBe(0);
    const share = (kind: string) => `canary_weight_ratio{service="svc",kind="${kind}"}`;
    expect(before.get(share('set'))).toBe(0);
    await proxy.setRoute(route(ports, { canary: 1 }));
    expect((await scrape()).get(share('set'))).toBe(1);
    expect((await scrape()).has(share('actual'))).toBe(false);
    const client = await WireClient.open(proxy.url);
    const stream = await client.stream();
    await waitFor(() => canary.streams.size === 1, { what: 'the stream' });
    const there = await scrape();
    expect(there.get('canary_sessions{service="svc",track="canary"}')).toBe(1);
    expect(there.get('canary_streams{service="svc",track="canary"}')).toBe(1);
    expect(there.get('canary_sessions_opened_total{service="svc",track="canary"}')).toBe(1);
    expect(there.get(share('actual'))).toBe(1);
    canary.forgetSessions();
    await client.call('read');
    expect((await scrape()).get(`${moved},reason="forgotten",result="ok"}`)).toBe(1);
    await proxy.setRoute(route(ports, { drainCanary: true }));
    await client.call('read');
    expect((await scrape()).get(`${moved},reason="drained",result="ok"}`)).toBe(1);
    await proxy.setRoute(route(ports, { canary: 1, drainStable: true }));
    await client.call('read');
    await canary.kill();
    await proxy.setRoute(route(ports, { canary: 0.5 }));
    await client.call('read');
    expect((await scrape()).get(`${moved},reason="unreachable",result="ok"}`)).toBe(1);
    stream.close();
  });

  it('a state folder that cannot be looked into costs its own metrics, and nothing else', async () => {
    const { dir } = proxy.home;
    const size = 'canary_store_size_bytes';
    expect((await scrape()).get(size)).toBeGreaterThan(0);
    renameSync(dir, `${dir}.aside`);
    // Every look into it fails with ELOOP.
    symlinkSync(dir, dir);
    try {
      const seen = await scrape();
      expect(seen.has(size)).toBe(false);
      expect(seen.get('canary_service_listening{service="svc"}')).toBe(1);
    } finally {
      rmSync(dir);
      renameSync(`${dir}.aside`, dir);
    }
  });
});
