/** How long, and for how many, a client that is away is waited for. */
import { once } from 'node:events';
import { createServer, get, type ClientRequest, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Answer } from '../../../proxy/mcp/answer.js';
import { BodyBudget } from '../../../proxy/mcp/body.js';
import { Caller } from '../../../proxy/mcp/caller.js';
import { Callers } from '../../../proxy/mcp/callers.js';
import { waitFor } from '../../support/wait.js';
import { freePort } from '../../support/ports.js';

const BUDGET = 100;
const FOR_EVER = 2 ** 31 - 1;
const HEAD = { status: 200, statusMessage: 'OK', headers: ['content-type', 'text/event-stream'] };

describe('a client that is away', () => {
  let server: Server;
  let bodies: BodyBudget;
  let callers: Callers;
  beforeEach(async () => {
    bodies = new BodyBudget(BUDGET);
    callers = new Callers(bodies);
    server = createServer().listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** A client whose stream has begun. */
  async function begun(token: string, awayMs: number) {
    const { port } = server.address() as AddressInfo;
    const arrived = once(server, 'request');
    const client: ClientRequest = get({ port, host: '127.0.0.1', agent: false });
    client.on('error', () => undefined);
    const [, res] = (await arrived) as [unknown, ServerResponse];
    const told = { gone: 0 };
    const onGone = (): void => void (told.gone += 1);
    const caller = new Caller({ res, label: 'one', callers, onGone }, awayMs);
    const prime = () => caller.prime(answer, [token]);
    const onMessage = () => undefined;
    const answer: Answer = new Answer(res, { sessionId: null, onMessage, prime });
    caller.watch();
    answer.begin(HEAD, 0);
    await once(client, 'response');
    return { client, caller, answer, told };
  }

  async function left(token: string, awayMs = FOR_EVER) {
    const { client, ...one } = await begun(token, awayMs);
    client.destroy();
    await waitFor(() => one.caller.isAway || one.told.gone > 0, { what: 'it to be noticed' });
    return one;
  }

  const tokens = (count: number) => Array.from({ length: count }, (_, i) => String(i));
  const isBudgetFree = () => bodies.take(BUDGET);

  it('is gone after a while, and what was kept for it is forgotten', async () => {
    const { answer, told } = await left('7', 50);
    answer.push(Buffer.from('data: 1\n\n'));
    expect(isBudgetFree()).toBe(false);
    await waitFor(() => told.gone === 1, { what: 'it to be given up' });
    expect(callers.get('7')).toBeUndefined();
    expect(isBudgetFree()).toBe(true);
  });

  it('finds an answer that came before the end of the call, for a while', async () => {
    const { answer, caller, told } = await left('7', 200);
    answer.push(Buffer.from('data: 1\n\n'));
    answer.end();
    caller.over();
    expect(callers.get('7')).toBe(caller);
    await waitFor(() => callers.get('7') === undefined, { what: 'it to be forgotten' });
    expect([told.gone, isBudgetFree()]).toEqual([0, true]);
  });

  it('is gone at once when there is no room for what it is told', async () => {
    const { answer, told } = await left('7');
    answer.push(Buffer.from(`data: ${'x'.repeat(BUDGET)}\n\n`));
    expect(told.gone).toBe(1);
    expect(isBudgetFree()).toBe(true);
  });

  it('is gone at once when too many of its session are', async () => {
    for (const token of tokens(16)) expect((await left(token)).told.gone).toBe(0);
    expect((await left('x')).told.gone).toBe(1);
  });

  it('is gone at once in the midst of an event', async () => {
    const { client, answer, told } = await begun('7', FOR_EVER);
    answer.push(Buffer.from(`data: ${'x'.repeat(100_000)}`));
    client.destroy();
    await waitFor(() => told.gone === 1, { what: 'it to be noticed' });
  });

  it('is one of those whose calls have different ids', async () => {
    const { caller } = await left('7');
    await begun('7', FOR_EVER);
    expect(callers.get('7')).toBe(caller);
  });
});
