import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureQuery } from '../../../orchestrator/checks/promql.js';
import { freePort } from '../../support/ports.js';
import { hasPrometheus, startPrometheus, type Prometheus } from '../../support/prometheus.js';
import { waitFor } from '../../support/wait.js';
import { SERVICE, startProxy, type TestProxy } from '../../proxy/support/proxies.js';

function ask(prometheus: string, query: string, limits: { min?: number; max?: number } = {}) {
  const { min = null, max = null } = limits;
  return measureQuery({ query, prometheus }, { min, max }, AbortSignal.timeout(10_000));
}

// What it answers is also held in words below.
describe.runIf(hasPrometheus)('a real Prometheus that scrapes the real proxy', () => {
  let url: string;
  let proxy: TestProxy;
  let prometheus: Prometheus;

  beforeAll(async () => {
    const upstream = await freePort();
    proxy = await startProxy({ stable: upstream });
    const server = createServer((_, res) => res.end('ok')).listen(upstream, '127.0.0.1');
    for (let i = 0; i < 3; i += 1) await (await fetch(`${proxy.url}/x`)).text();
    server.close();
    server.closeAllConnections();
    const { port } = proxy.config.proxy.metrics;
    const target = `static_configs: [{targets: ['127.0.0.1:${port}']}]`;
    prometheus = await startPrometheus(
      `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: proxy, ${target}}]\n`,
    );
    ({ url } = prometheus);
    await waitFor(async () => (await ask(url, 'up')).value === 1, {
      what: 'Prometheus to have scraped the proxy',
      timeoutMs: 30_000,
    });
  });

  afterAll(async () => {
    await prometheus.dispose();
    await proxy.dispose();
  });

  const calls = `sum(canary_mcp_calls_total{service="${SERVICE}",track="stable"})`;

  it('gives the number, which is held against the limits', async () => {
    expect(await ask(url, calls, { min: 3, max: 3 })).toEqual({ ok: true, value: 3, error: null });
    expect(await ask(url, calls, { max: 2.9 })).toEqual({ ok: false, value: 3, error: null });
    expect(await ask(url, calls, { min: 4 })).toMatchObject({ ok: false, value: 3 });
    expect(await ask(`${url}/`, 'scalar(vector(-0.5))', { max: 0 })).toMatchObject({ value: -0.5 });
  });

  it.each([
    ['nothing', 'no_such_metric', 'the query found nothing'],
    ['many series', '{job="proxy"}', /^Prometheus: the query found \d+ series, wanted one$/],
    ['no number', 'vector(0) / 0', 'the query gave NaN'],
    ['infinity', 'vector(1) / 0', 'the query gave +Inf'],
    ['a series over time', 'up[1m]', 'not an answer to a query'],
    ['a query that is none', 'sum(', 'the query was refused (bad_data)'],
  ])('that gives %s did not measure', async (_, query, error) => {
    const measured = await ask(url, query, { min: 0 });
    expect(measured).toMatchObject({ ok: null, value: null });
    expect(measured.error).toMatch(error);
  });
});

describe('whatever answers instead', () => {
  it.each([
    ['a page', '<html>', 'not an answer to a query'],
    ['other JSON', '{"status":"success"}', 'not an answer to a query'],
    ['too much', 'x'.repeat(2 << 20), 'the answer is too long'],
  ])('with %s did not measure', async (_, body, error) => {
    const port = await freePort();
    const server = createServer((__, res) => res.end(body)).listen(port, '127.0.0.1');
    const measured = await ask(`http://127.0.0.1:${port}`, 'up');
    server.close();
    server.closeAllConnections();
    expect(measured).toEqual({ ok: null, value: null, error: `Prometheus: ${error}` });
  });

  it('as nobody did not measure', async () => {
    const measured = await ask(`http://127.0.0.1:${await freePort()}`, 'up');
    expect(measured).toMatchObject({ ok: null, error: 'Prometheus: no answer (ECONNREFUSED)' });
  });
});
