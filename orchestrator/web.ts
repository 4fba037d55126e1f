/** The orchestrator's HTTP listener on loopback: `/metrics` for Prometheus, all else is the dashboard's. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { Logger } from '../common/log.js';
import type { HostPort } from '../config/types.js';
import type { Dashboard } from './dashboard/dashboard.js';

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 256;

export interface WebParts {
  readonly metrics: Registry;
  readonly dashboard: Dashboard;
  readonly log: Logger;
}

/** @throws Error when the port cannot be bound. */
export async function serveWeb(parts: WebParts, { host, port }: HostPort): Promise<Server> {
  const server = createServer((req, res) => {
    // A request that cannot be answered is a bug; the listener goes on.
    answer(parts, req, res).catch((error: unknown) => {
      parts.log.error({ err: error }, 'cannot answer a request');
      res.destroy();
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

async function answer(
  { metrics, dashboard }: WebParts,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  if (req.method !== 'GET' || req.url !== '/metrics') {
    await dashboard.answer(req, res);
    return;
  }
  const text = await metrics.metrics();
  res.writeHead(200, { 'content-type': metrics.contentType }).end(text);
}
