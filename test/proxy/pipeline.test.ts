import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { LabServer } from './support/lab-server.js';
import { startProxy, type TestProxy } from './support/proxies.js';

const MAX_QUEUED = 64;

describe('requests sent one after the other on one connection, unanswered', () => {
  let server: LabServer;
  let proxy: TestProxy;

  beforeAll(async () => {
    server = await LabServer.start({ isStateless: true });
    proxy = await startProxy({ stable: server.port });
  });
  afterAll(async () => {
    await proxy.dispose();
    await server.kill();
  });

  function call(name: string, behaviour: object = {}): string {
    const params = { name, arguments: behaviour };
    const body = JSON.stringify({ jsonrpc: '2.0', id: name, method: 'tools/call', params });
    return `POST /mcp HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  }

  function send(text: string): { socket: Socket; seen: { text: string } } {
    const socket = connect(proxy.port, '127.0.0.1', () => socket.write(text));
    const seen = { text: '' };
    socket.on('data', (chunk) => (seen.text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    return { socket, seen };
  }

  it('are served in their order, also the last that may wait', async () => {
    const names = Array.from({ length: MAX_QUEUED + 1 }, (_, i) => `n${i}-`);
    const { socket, seen } = send(names.map((name) => call(name)).join(''));
    await waitFor(() => seen.text.includes(names.at(-1)!), { what: 'the last answer' });
    const ids = [...seen.text.matchAll(/"id":"(n\d+-)"/g)].map(([, id]) => id);
    expect(ids).toEqual(names);
    socket.destroy();
  });

  it('do not run before their turn, nor when their client leaves before it', async () => {
    const { socket } = send(call('first', { outcome: 'never' }) + call('second'));
    await waitFor(() => server.executed.get('first'), { what: 'the first' });
    socket.destroy();
    await waitFor(async () => (await proxy.calls()).calls.at(-1)?.outcome === 'client_gone', {
      what: 'the first to be given up',
    });
    expect(server.executed.get('second')).toBeUndefined();
  });

  it('are too many for a connection that goes on for ever', async () => {
    const { socket } = send(call('stuck', { outcome: 'never' }) + call('x').repeat(MAX_QUEUED + 1));
    await waitFor(() => socket.destroyed, { what: 'the connection to be closed' });
    expect(server.executed.get('x')).toBeUndefined();
  });
});
