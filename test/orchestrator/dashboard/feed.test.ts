import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openExhibit, type Exhibit } from '../../../demo/exhibit.js';
import { Feed } from '../../../orchestrator/dashboard/feed.js';
import { Histories } from '../../../orchestrator/dashboard/histories.js';
import { FakeClock } from '../../support/fake-clock.js';
import { freePort } from '../../support/ports.js';
import { waitFor } from '../../support/wait.js';

const SECOND_MS = 1_000;

let clock: FakeClock;
let exhibit: Exhibit;
let feed: Feed;
let close: () => Promise<void>;
let port: number;
/** The server's side of each page, in the order in which they came. */
let responses: ServerResponse[];
/** How often the state was looked at, and what it says beside that number. */
let looks: number;
let news: (look: number) => string;

beforeEach(async () => {
  clock = new FakeClock('2026-03-01T10:00:00Z');
  exhibit = openExhibit([]);
  [looks, responses, news] = [0, [], () => 'the same'];
  const desk = {
    ...exhibit.desk,
    status: async () => {
      looks += 1;
      return { ...(await exhibit.desk.status()), pm2: { up: false, reason: news(looks) } };
    },
  };
  const log = pino({ level: 'silent' });
  feed = new Feed({ desk, histories: new Histories(exhibit.store), clock, log });
  const server = createServer((_, res) => {
    responses.push(res);
    feed.open(res, null);
  });
  port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  close = async () => {
    feed.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    exhibit.dispose();
  };
});
afterEach(() => close());

interface Client {
  readonly response: IncomingMessage;
  /** What it has read. */
  text(): string;
}

/** Connects a page; one that does not read leaves everything on the way to it. */
function connect(reads: boolean): Promise<Client> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, agent: false }, (response) => {
      let text = '';
      if (reads) response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('error', () => undefined);
      resolve({ response, text: () => text });
    });
    req.once('error', reject);
    req.end();
  });
}

const reading = (client: Client, text: string): Promise<unknown> =>
  waitFor(() => client.text().includes(text), { what: text });

describe('a page to which nothing is new', () => {
  it('gets a sign of life every 15 seconds, and the state only once', async () => {
    const page = await connect(true);
    await reading(page, 'event: overview');
    await clock.advance(14 * SECOND_MS);
    expect(looks).toBeGreaterThan(10);
    await clock.advance(2 * SECOND_MS);
    await reading(page, ': here\n\n');
    await clock.advance(15 * SECOND_MS);
    await waitFor(() => page.text().split(': here\n\n').length === 3, { what: 'the second sign' });
    expect(page.text().split('event: overview').length).toBe(2);
  });

  it('is the only reason to look: nobody connected, nothing looked at', async () => {
    const page = await connect(true);
    await reading(page, 'event: overview');
    page.response.destroy();
    await waitFor(() => feed.size === 0, { what: 'the page to be gone' });
    await clock.advance(2 * SECOND_MS);
    const before = looks;
    await clock.advance(60 * SECOND_MS);
    expect(looks).toBe(before);
  });
});

describe('a page that does not read', () => {
  const MEGABYTE = 'x'.repeat(1_000_000);
  /** More than the kernel takes for a connection that nobody reads. */
  const MAX_LOOKS = 60;

  it('is told nothing more, is dropped after 20 seconds, and holds up nobody', async () => {
    news = (look) => `${look} ${MEGABYTE} end of ${look}.`;
    const reader = await connect(true);
    await connect(false);
    const [, stalled] = responses;
    const oneMore = async (): Promise<void> => {
      await clock.advance(SECOND_MS);
      await reading(reader, `end of ${looks}.`);
    };
    while (!stalled!.writableNeedDrain && looks < MAX_LOOKS) await oneMore();
    await oneMore();
    const waiting = stalled!.writableLength;
    expect(stalled!.writableNeedDrain).toBe(true);
    for (let second = 0; second < 15; second += 1) await oneMore();
    expect(stalled!.writableLength).toBe(waiting);
    expect(waiting).toBeLessThan(2 * MEGABYTE.length);
    expect(feed.size).toBe(2);
    for (let second = 0; second < 6; second += 1) await oneMore();
    expect(stalled!.destroyed).toBe(true);
    await waitFor(() => feed.size === 1, { what: 'the page to be dropped' });
  });
});
