/**
 * What stands behind the contenders: the cheapest thing that speaks MCP's sessions. Run as a process:
 *
 *   node upstream.js PORT
 *
 * POST answers with a JSON-RPC result of `x-size` bytes (500 by default); GET is an event stream
 * that gets one event a second, once `/start` has been asked for.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerOf } from './answer-of.js';

const EVENT = 'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message"}\n\n';

const streams = new Set<ServerResponse>();
const answers = new Map<number, Buffer>();

function answer(size: number): Buffer {
  const known = answers.get(size);
  if (known !== undefined) return known;
  const made = answerOf(size);
  answers.set(size, made);
  return made;
}

function post(req: IncomingMessage, res: ServerResponse): void {
  req.resume();
  req.once('end', () => {
    const body = answer(Number(req.headers['x-size'] ?? 500));
    const isNew = req.headers['mcp-session-id'] === undefined;
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    res.writeHead(200, isNew ? { ...headers, 'mcp-session-id': randomUUID() } : headers);
    res.end(body);
  });
}

function get(req: IncomingMessage, res: ServerResponse): void {
  if (req.url === '/start') {
    setInterval(() => {
      for (const stream of streams) stream.write(EVENT);
    }, 1_000);
    res.end();
    return;
  }
  if (req.url === '/streams') {
    res.end(String(streams.size));
    return;
  }
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.flushHeaders();
  streams.add(res);
  res.once('close', () => streams.delete(res));
}

const server = createServer((req, res) => (req.method === 'POST' ? post(req, res) : get(req, res)));
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), '127.0.0.1', 4_096);
