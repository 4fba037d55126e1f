/** Sessions whose client's credentials have expired by the time that they are set up again. */
import { describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import type { LabServer } from './support/lab-server.js';
import { twoServers } from './support/stages.js';
import { WireClient } from './support/wire-client.js';

const CHALLENGE = 'Bearer resource_metadata="http://127.0.0.1/meta"';
const bearing = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Takes one token from now on; `methods`: for what it is asked, null for everything. */
function accept(server: LabServer, token: string, methods: string[] | null = null): void {
  server.refuses = ({ headers, message }) =>
    headers.authorization === `Bearer ${token}` ||
    methods?.includes(message?.method ?? '') === false
      ? null
      : { status: 401, headers: { 'www-authenticate': CHALLENGE }, text: 'expired' };
}

describe('a session whose token has expired', () => {
  const lab = twoServers({ patienceMs: 3_000 });

  /** The same session, seen by a client with another token. */
  function renewed({ sessionId }: WireClient, token: string): WireClient {
    const client = new WireClient(`${lab.proxy.url}/mcp`, bearing(token));
    client.sessionId = sessionId;
    return client;
  }

  it('tells its client as the instance does, and tries nobody else', async () => {
    const old = await lab.onCanary((url) => WireClient.open(url, bearing('old')));
    lab.canary.forgetSessions();
    accept(lab.canary, 'new', ['initialize']);
    const { status, headers, text } = await old.call('write');
    expect({ status, text }).toEqual({ status: 401, text: 'expired' });
    expect(headers.get('www-authenticate')).toBe(CHALLENGE);
    expect((await fetch(`${lab.proxy.url}/mcp`, { headers: old.headers() })).status).toBe(401);
    expect(lab.stable.methods()).not.toContain('initialize');
    expect((await renewed(old, 'new').call('write')).text).toContain('canary');
  });

  it('goes on with a new one, though an older stream is the first to be moved', async () => {
    const old = await lab.onCanary((url) => WireClient.open(url, bearing('old')));
    const stream = await old.stream();
    accept(lab.stable, 'new');
    await lab.route({ drainCanary: true });
    await waitFor(() => lab.stable.received.length > 0, { what: 'the old token to be tried' });
    expect((await renewed(old, 'new').call('write')).text).toContain('stable');
    await waitFor(() => lab.stable.streams.size === 1, { what: 'the stream to be opened anew' });
    stream.close();
  });
});
