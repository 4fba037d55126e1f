/** http-proxy as most put it in front of a server, with a keep-alive agent: node bare-http-proxy.js PORT TARGET */
import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';

const [port, target] = process.argv.slice(2);
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${target ?? ''}`,
  agent: new Agent({ keepAlive: true }),
});
proxy.on('error', () => undefined);
createServer((req, res) => proxy.web(req, res)).listen(Number(port), '127.0.0.1', 4_096);
