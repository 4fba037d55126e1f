import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientStream } from '../../../proxy/mcp/client-stream.js';
import { freePort } from '../../support/ports.js';
import { waitFor } from '../../support/wait.js';

class Instance {
  isMidEvent = false;
  resumed = 0;
  resume(): void {
    this.resumed += 1;
  }
}

const ENDPOINT = 'retry: 500\nevent: endpoint\nid: s1\ndata: /sse?sessionId=s1\n\n';

describe('what a legacy SSE client reads', () => {
  let server: Server;
  let res: ServerResponse;
  let stream: ClientStream;
  let answer: Promise<string>;

  beforeEach(async () => {
    let taken: ServerResponse | null = null;
    server = createServer((_req, one) => (taken = one));
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    answer = fetch(`http://127.0.0.1:${port}/sse`).then((reply) => reply.text());
    res = await waitFor(() => taken, { what: 'the request' });
    stream = new ClientStream(res, { endpoint: '/sse?sessionId=s1', sessionId: 's1' });
  });
  afterEach(() => server.close());

  it('begins with the endpoint, whoever speaks first', async () => {
    stream.say('data: 1\n\n');
    stream.begin();
    res.end();
    expect(await answer).toBe(`${ENDPOINT}data: 1\n\n`);
  });

  it('does not mix a large event with those of another instance, nor with ours', async () => {
    const [large, other] = [new Instance(), new Instance()];
    large.isMidEvent = true;
    expect(stream.write(large, Buffer.from('data: "la'))).toBe(true);
    expect(stream.write(other, Buffer.from('data: "other"\n\n'))).toBe(false);
    stream.say('data: "ours"\n\n');
    large.isMidEvent = false;
    stream.write(large, Buffer.from('rge"\n\n'));
    expect(other.resumed).toBe(1);
    res.end();
    expect(await answer).toBe(`${ENDPOINT}data: "large"\n\ndata: "other"\n\ndata: "ours"\n\n`);
  });

  it('ends an event whose instance is gone, and goes on with the others', async () => {
    const [cut, waiting, next] = [new Instance(), new Instance(), new Instance()];
    cut.isMidEvent = true;
    stream.write(cut, Buffer.from('data: "cu'));
    waiting.isMidEvent = true;
    stream.write(waiting, Buffer.from('data: "wai'));
    waiting.isMidEvent = false;
    stream.gone(waiting);
    cut.isMidEvent = false;
    stream.gone(cut);
    stream.write(next, Buffer.from('data: "next"\n\n'));
    res.end();
    expect(await answer).toBe(`${ENDPOINT}data: "cu\n\ndata: "wai\n\ndata: "next"\n\n`);
  });
});
