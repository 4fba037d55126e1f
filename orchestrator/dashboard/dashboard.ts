/**
 * The dashboard's HTTP side: the page's files, what they read, and what a person asks for with the
 * token. The rules of who may ask are guard.ts; the messages are messages.ts.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { refusal, type ApiReply } from '../../common/unix-http.js';
import type { Answer } from '../answer.js';
import { startReply, steerReply } from '../control/api.js';
import { REQUEST_KINDS } from '../rollout/rollout.js';
import type { Store } from '../store/store.js';
import { readBody } from './body.js';
import type { Desk } from './desk.js';
import { Feed } from './feed.js';
import { pageFiles, type PageFile } from './files.js';
import { actRefusal, hostRefusal, originRefusal, tokenRefusal } from './guard.js';
import { Histories } from './histories.js';
import { logTails } from './log-tails.js';
import { RateLimit } from './rate-limit.js';
import { historyList, openView } from './summary.js';

const MAX_HISTORY = 100;
/** Paths are all that is asked for. */
const BASE_URL = 'http://dashboard';
/** What a person can click; more is a program gone wild. */
const ACTS = { burst: 20, perSecond: 1 } as const;
/** Some open pages, each asking every few seconds. */
const LOG_READS = { burst: 20, perSecond: 5 } as const;

/** Nothing is taken from elsewhere, nothing stands inside another page, nothing is guessed. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

export interface DashboardParts {
  readonly desk: Desk;
  readonly store: Store;
  readonly token: string;
  /** The configured host: a name that the Host header may have. */
  readonly host: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Dashboard {
  readonly #parts: DashboardParts;
  readonly #files: ReadonlyMap<string, PageFile>;
  readonly #feed: Feed;
  readonly #acts: RateLimit;
  readonly #logReads: RateLimit;

  constructor(parts: DashboardParts) {
    this.#parts = parts;
    this.#files = pageFiles();
    this.#feed = new Feed({ ...parts, histories: new Histories(parts.store) });
    this.#acts = new RateLimit(parts.clock, ACTS.burst, ACTS.perSecond);
    this.#logReads = new RateLimit(parts.clock, LOG_READS.burst, LOG_READS.perSecond);
  }

  /** Answers a request of the HTTP listener. */
  async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) res.setHeader(name, value);
    const refused = hostRefusal(req.headers, this.#parts.host);
    const asked = req.url ?? '/';
    if (refused !== null || !URL.canParse(asked, BASE_URL)) {
      sendJson(res, refused ?? refusal(400, 'usage', 'no such URL'));
      return;
    }
    const url = new URL(asked, BASE_URL);
    const file = req.method === 'GET' ? this.#files.get(url.pathname) : undefined;
    if (file !== undefined) sendFile(res, file);
    else if (req.method === 'GET' && url.pathname === '/v1/live') this.#follow(req, res, url);
    else sendJson(res, await this.#reply(req, url));
  }

  /** Lets the connected pages go. */
  close(): void {
    this.#feed.close();
  }

  #follow({ headers }: IncomingMessage, res: ServerResponse, url: URL): void {
    const refused = originRefusal(headers);
    if (refused !== null) {
      sendJson(res, refused);
      return;
    }
    res.setHeader('content-type', 'text/event-stream');
    res.setHeader('cache-control', 'no-store');
    if (this.#feed.open(res, url.searchParams.get('rollout'))) return;
    sendJson(res, refusal(503, 'refused', 'too many pages are open'));
  }

  async #reply(req: IncomingMessage, url: URL): Promise<ApiReply> {
    const refused = originRefusal(req.headers);
    if (refused !== null) return refused;
    if (req.method === 'POST') return this.#act(req, url);
    if (req.method === 'GET') return this.#read(req, url);
    return refusal(405, 'usage', 'there are only GET and POST');
  }

  async #read(req: IncomingMessage, { pathname, searchParams }: URL): Promise<ApiReply> {
    const { desk } = this.#parts;
    if (pathname === '/v1/history') {
      return answerReply(desk.history(searchParams.get('service'), MAX_HISTORY), historyList);
    }
    const rollout = /^\/v1\/rollouts\/([^/]+)$/.exec(pathname)?.[1];
    if (rollout !== undefined) return answerReply(desk.rollout(rollout), openView);
    const service = /^\/v1\/services\/([\w.-]+)\/logs$/.exec(pathname)?.[1];
    if (service !== undefined) return this.#logs(req, service);
    return refusal(404, 'usage', 'there is no such page');
  }

  async #logs({ headers }: IncomingMessage, service: string): Promise<ApiReply> {
    const { desk, token } = this.#parts;
    const refused = tokenRefusal(headers, token);
    if (refused !== null) return refused;
    if (!this.#logReads.take()) return tooMany();
    const files = await desk.logFiles(service);
    return files.ok
      ? { status: 200, body: await logTails(files.value) }
      : answerReply(files, () => null);
  }

  async #act(req: IncomingMessage, url: URL): Promise<ApiReply> {
    const { desk, token, log } = this.#parts;
    const refused = actRefusal(req.headers, token);
    if (refused !== null) return refused;
    if (!this.#acts.take()) return tooMany();
    const [, name, verb] = /^\/v1\/services\/([\w.-]+)\/([a-z]+)$/.exec(url.pathname) ?? [];
    const kind = REQUEST_KINDS.find((known) => known === verb);
    if (name === undefined || (kind === undefined && verb !== 'start')) {
      return refusal(404, 'usage', 'there is no such order');
    }
    const body = await readBody(req);
    if (!body.ok) return body.reply;
    const reply =
      kind === undefined
        ? await startReply(desk, name, body.value)
        : steerReply(desk, name, kind, body.value);
    log.info({ service: name, order: verb, status: reply.status }, 'asked on the dashboard');
    return reply;
  }
}

function tooMany(): ApiReply {
  return refusal(429, 'refused', 'too many requests: wait a second');
}

function answerReply<T>(answer: Answer<T>, shown: (value: T) => unknown): ApiReply {
  if (answer.ok) return { status: 200, body: shown(answer.value) };
  return refusal(answer.code === 'usage' ? 404 : 409, answer.code, answer.message);
}

function sendFile(res: ServerResponse, { contentType, body }: PageFile): void {
  res.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache' });
  res.end(body);
}

function sendJson(res: ServerResponse, { status, body }: ApiReply): void {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(JSON.stringify(body));
}
