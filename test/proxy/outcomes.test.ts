import { beforeAll, describe, expect, it } from 'vitest';
import type { Behaviour } from './support/lab-server.js';
import { sampleOf } from './support/scrape.js';
import { oneServer } from './support/stages.js';
import { WireClient } from './support/wire-client.js';
import type { Outcome } from '../../common/protocol.js';

const RPC_ERRORS = 'canary_mcp_rpc_errors_total';

describe('each call is accounted for as what it came to', () => {
  const lab = oneServer({ callTimeoutMs: 1_000 });
  let client: WireClient;

  beforeAll(async () => {
    client = await WireClient.open(lab.proxy.url);
  });

  const cases: [Outcome, Behaviour, number][] = [
    ['ok', {}, 0],
    ['ok', { size: 300_000 }, 0],
    ['tool_error', { outcome: 'tool_error' }, 1],
    ['tool_error', { outcome: 'tool_error', size: 300_000 }, 1],
    ['rpc_error', { outcome: 'rpc_error' }, 1],
    ['client_error', { outcome: 'bad_params' }, 0],
    ['http_error', { outcome: 'http_500' }, 1],
    ['client_error', { outcome: 'http_400' }, 0],
    ['cut', { outcome: 'cut' }, 1],
    ['timeout', { outcome: 'never' }, 1],
  ];
  const bothForms = cases.flatMap(([outcome, behaviour, errors]) =>
    [false, true].map((sse) => [outcome, { ...behaviour, sse }, errors] as const),
  );

  it.each(bothForms)('%s (%j)', async (outcome, behaviour, errors) => {
    const isHttp = behaviour.outcome === 'http_500' || behaviour.outcome === 'http_400';
    if (isHttp && behaviour.sse) return;
    const before = await lab.proxy.state();
    const { nextAfter } = await lab.proxy.calls();
    await client.call('write', behaviour);
    const { calls } = await lab.proxy.calls(nextAfter);
    expect(calls).toMatchObject([{ tool: 'write', outcome, track: 'stable' }]);
    const after = await lab.proxy.state();
    expect(after.tracks.stable.errors - before.tracks.stable.errors).toBe(errors);
    expect(after.tracks.stable.calls - before.tracks.stable.calls).toBe(1);
    expect(after.tracks.stable.inFlight).toBe(0);
  });

  const codes: [unknown, string, number | undefined][] = [
    [-32_603, '-32603', -32_603],
    [-32_602, '-32602', -32_602],
    [-32_002, '-32002', -32_002],
    [-32_042, '-32042', -32_042],
    [-32_050, '-32050', -32_050],
    [7, 'other', 7],
    [1.5, 'other', undefined],
    [1e300, 'other', undefined],
    ['-32603', 'other', undefined],
  ];
  const codesInBothForms = codes.flatMap(([given, label, told]) =>
    [false, true].map((sse) => [given, label, told, sse] as const),
  );

  it.each(codesInBothForms)('an error with the code %j as %s', async (given, label, told, sse) => {
    const labels = { service: 'svc', track: 'stable', code: label };
    const before = await sampleOf(lab.proxy, RPC_ERRORS, labels);
    const { nextAfter } = await lab.proxy.calls();
    await client.call('write', { code: given, sse });
    const [call] = (await lab.proxy.calls(nextAfter)).calls;
    expect(call?.code).toBe(told);
    expect(await sampleOf(lab.proxy, RPC_ERRORS, labels)).toBe(before! + 1);
  });

  it('an error of the proxy’s own by its code, which is not the server’s', async () => {
    const labels = { track: 'stable', code: '-32050' };
    const before = await sampleOf(lab.proxy, RPC_ERRORS, labels);
    const { nextAfter } = await lab.proxy.calls();
    await client.call('write', { outcome: 'cut' });
    const [call] = (await lab.proxy.calls(nextAfter)).calls;
    expect(call).toMatchObject({ outcome: 'cut' });
    expect(call).not.toHaveProperty('code');
    expect(await sampleOf(lab.proxy, RPC_ERRORS, labels)).toBe(before! + 1);
  });

  it('a batch counts each of its requests', async () => {
    const { nextAfter } = await lab.proxy.calls();
    await client.post([
      { id: 'a', method: 'ping' },
      { id: 'b', method: 'tools/list' },
      { method: 'notifications/progress' },
    ]);
    const { calls } = await lab.proxy.calls(nextAfter);
    expect(calls.map(({ tool }) => tool)).toEqual(['ping', 'tools/list']);
  });

  it('tells nothing of the session', async () => {
    const { calls } = await lab.proxy.calls();
    const labels = new Set(calls.map(({ session }) => session));
    expect(labels.size).toBe(1);
    expect(JSON.stringify(calls)).not.toContain(client.sessionId);
  });
});
