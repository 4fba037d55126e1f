/**
 * http-proxy with a keep-alive agent, or (`no-agent`) as it comes, with a connection per request:
 *
 *   node bare-http-proxy.js PORT TARGET [no-agent]
 */
import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';

const [port, target, agent] = process.argv.slice(2);
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${target ?? ''}`,
  ...(agent !== 'no-agent' && { agent: new Agent({ keepAlive: true }) }),
});
proxy.on('error', () => undefined);
createServer((req, res) => proxy.web(req, res)).listen(Number(port), '127.0.0.1', 4_096);
