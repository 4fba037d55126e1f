import { rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../../demo/exhibit.js';
import { exhibitStories } from '../../../demo/stories.js';
import { MAX_PAGES } from '../../../orchestrator/dashboard/feed.js';
import type { HistoryList, LogTails } from '../../../orchestrator/dashboard/messages.js';
import { waitFor } from '../../support/wait.js';
import { call, serveExhibit, type Served } from './support.js';

let served: Served;

beforeAll(async () => {
  served = await serveExhibit(exhibitStories(Date.now()));
});
afterAll(() => served.close());

/** What the page itself sends to act. */
const own = (): Record<string, string> => ({
  host: `127.0.0.1:${served.port}`,
  origin: served.url,
  'content-type': 'application/json',
  'x-canary-token': served.token,
});
const PAUSE = '/v1/services/mcp-scraper/pause';
const act = (
  changes: Record<string, string | undefined>,
  path = PAUSE,
  body = '{"reason":null}',
) => {
  const headers = Object.entries({ ...own(), ...changes });
  const given = headers.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return call(served, 'POST', path, Object.fromEntries(given), body);
};

describe('looking', () => {
  it('is open, and nothing of it may be framed, sniffed or taken from elsewhere', async () => {
    const { status, headers, body } = await call(served, 'GET', '/');
    expect(status).toBe(200);
    expect(body).toContain('<main id="content"');
    expect(headers['content-security-policy']).toMatch(
      /default-src 'none'.*frame-ancestors 'none'/,
    );
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect((await call(served, 'GET', '/uplot.js')).body).toContain('uPlot');
  });

  it('gives the history without what is long', async () => {
    const { headers, body } = await call(served, 'GET', '/v1/history');
    expect(headers['cache-control']).toBe('no-store');
    const { rollouts } = JSON.parse(body) as HistoryList;
    expect(rollouts.map(({ id, phase }) => `${id} ${phase}`)).toEqual([
      'mcp-scraper-8 observing',
      'mcp-search-3 rolled-back',
      'mcp-scraper-7 promoted',
      'mcp-files-4 promoted',
    ]);
    expect(rollouts[0]).not.toHaveProperty('transitions');
    expect(rollouts[0]!.can).toEqual(['promote', 'rollback', 'pause']);
  });

  it.each(['/../../package.json', '/tsconfig.json', '/v1/rollouts/none', '/%'])(
    'finds nothing at %s',
    async (path) => expect((await call(served, 'GET', path)).status).toBe(404),
  );

  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost@evil'])(
    'is refused under the name "%s"',
    async (host) => expect((await call(served, 'GET', '/v1/history', { host })).status).toBe(421),
  );

  it.each(['localhost', 'localhost:9000', '127.0.0.1', '[::1]:1'])(
    'is let in under the name %s',
    async (host) => expect((await call(served, 'GET', '/v1/history', { host })).status).toBe(200),
  );

  it.each([
    ['origin', 'http://evil.example'],
    ['sec-fetch-site', 'cross-site'],
  ])('is refused to the pages of others: %s %s', async (name, value) => {
    for (const path of ['/v1/history', '/v1/live']) {
      expect((await call(served, 'GET', path, { [name]: value })).status).toBe(403);
    }
  });
});

describe('logs', () => {
  const LOGS = '/v1/services/mcp-scraper/logs';

  it('are shown to nobody without the token, and to no page of others', async () => {
    for (const given of ['', 'x'.repeat(43)]) {
      const { status, body } = await call(served, 'GET', LOGS, { 'x-canary-token': given });
      expect(status).toBe(401);
      expect(body).not.toContain('example.org');
    }
    const { 'x-canary-token': token } = own();
    const foreign = { 'x-canary-token': token!, origin: 'http://evil.example' };
    expect((await call(served, 'GET', LOGS, foreign)).status).toBe(403);
  });

  it('are the last lines of both tracks, cut where they are long', async () => {
    const { stable } = served.exhibit.logs;
    const lines = Array.from({ length: 200 }, (_, i) => `line ${i}\n`).join('');
    writeFileSync(stable!.out, `${lines}${'x'.repeat(5_000)}\n`);
    rmSync(stable!.err);
    const { status, headers, body } = await call(served, 'GET', LOGS, own());
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    const { tails } = JSON.parse(body) as LogTails;
    expect(tails.map(({ track, stream, lines: { length } }) => [track, stream, length])).toEqual([
      ['stable', 'out', 60],
      ['stable', 'err', 0],
      ['canary', 'out', 40],
      ['canary', 'err', 2],
    ]);
    expect(tails[0]!.lines[0]).toBe('line 141');
    expect(tails[0]!.lines.at(-1)).toBe(`${'x'.repeat(1_000)}…`);
  });

  it('are not read without end', async () => {
    const wild = Array.from({ length: 60 }, () => call(served, 'GET', LOGS, own()));
    const statuses = (await Promise.all(wild)).map(({ status }) => status);
    expect(statuses).toContain(429);
  });
});

describe('acting', () => {
  it.each([
    ['without a token', { 'x-canary-token': undefined }, 401],
    ['with a wrong token', { 'x-canary-token': 'x'.repeat(43) }, 401],
    ['without an origin', { origin: undefined }, 403],
    ['from another origin', { origin: 'http://127.0.0.1:1' }, 403],
    ['as a form would', { 'content-type': 'text/plain' }, 415],
    ['under a foreign name', { host: 'evil.example', origin: 'http://evil.example' }, 421],
  ])('is refused %s', async (_, changes, status) => {
    expect((await act(changes)).status).toBe(status);
    expect(served.exhibit.asked).toEqual([]);
  });

  it('takes small and known orders only', async () => {
    expect((await act({}, '/v1/services/mcp-scraper/destroy')).status).toBe(404);
    expect((await act({}, PAUSE, 'no JSON')).status).toBe(400);
    expect((await act({}, PAUSE, '{"reason":1}')).status).toBe(400);
    expect((await act({}, PAUSE, ' '.repeat(70_000))).status).toBe(413);
    expect(served.exhibit.asked).toEqual([]);
    expect((await act({}, PAUSE, '{"reason":"lunch"}')).status).toBe(200);
    expect(served.exhibit.asked).toEqual(['pause mcp-scraper: lunch']);
  });

  it('is slowed down when it goes wild', async () => {
    const wild = Array.from({ length: 60 }, () => act({}, PAUSE, 'no JSON'));
    const statuses = (await Promise.all(wild)).map(({ status }) => status);
    expect(statuses).toContain(429);
  });
});

/** Opens a feed; what arrives is collected unless it is not to be read. */
function follow(rollout: string): Promise<{ response: IncomingMessage; text: () => string }> {
  return new Promise((resolve, reject) => {
    const path = `/v1/live?rollout=${rollout}`;
    const req = request(
      { host: '127.0.0.1', port: served.port, path, agent: false },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', () => undefined);
        resolve({ response, text: () => text });
      },
    );
    req.once('error', reject);
    req.end();
  });
}

describe('the live feed', () => {
  it('tells everything once, then only what is new', async () => {
    const { response, text } = await follow('mcp-scraper-8');
    await waitFor(() => text().includes('event: series'), { what: 'the first series' });
    const first = text();
    expect(first).toContain('event: overview');
    expect(first).toContain('event: rollout');
    const rss = { type: 'process', track: 'canary', rssBytes: 3e8, restarts: 0 } as const;
    const atMs = Date.now() + MINUTE_MS;
    served.exhibit.add('mcp-scraper-8', [
      { ...rss, atMs, uptimeMs: 1, sessionsOpened: 400, calls: 1 },
    ]);
    const news = (): string => text().slice(first.length);
    await waitFor(() => news().includes('event: series'), { what: 'the news' });
    expect(news()).toContain('300000000');
    expect(first).toContain('"from":0,');
    expect(news()).toContain('"from":249,');
    response.destroy();
  });

  it('is for a bounded number of pages', async () => {
    const open = await Promise.all(Array.from({ length: MAX_PAGES + 1 }, () => follow('none')));
    const statuses = open.map(({ response }) => response.statusCode);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(1);
    for (const { response } of open) response.destroy();
    await waitFor(
      async () => {
        const again = await follow('none');
        again.response.destroy();
        return again.response.statusCode === 200;
      },
      { what: 'a free place' },
    );
  });
});
