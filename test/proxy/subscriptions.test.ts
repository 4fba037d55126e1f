/** Streams of the stateless revision: what becomes of them; how they move: stateless.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import type { LabServer } from './support/lab-server.js';
import { twoServers } from './support/stages.js';
import { WireClient } from './support/wire-client.js';

const PATIENCE_MS = 3_000;
const MORE_THAN_HALF_MS = 1_600;

describe('a client that listens', () => {
  const lab = twoServers({ patienceMs: PATIENCE_MS });
  let leaving: AbortController;
  beforeEach(() => {
    leaving = new AbortController();
  });
  afterEach(() => leaving.abort());

  function listen(): void {
    const client = new WireClient(`${lab.proxy.url}/mcp`);
    client.request('subscriptions/listen', {}, leaving.signal).catch(() => undefined);
  }

  const asked = ({ received }: LabServer): number =>
    received.filter(({ message }) => message?.method === 'subscriptions/listen').length;

  function passed(ms: number): Promise<unknown> {
    const overAt = performance.now() + ms;
    return waitFor(() => performance.now() > overAt, { what: 'a while to pass' });
  }

  it('is not asked for without a pause where its streams are ended at once', async () => {
    lab.stable.endsListening = true;
    listen();
    await waitFor(() => asked(lab.stable) > 1, { what: 'a second try' });
    await passed(500);
    expect(asked(lab.stable)).toBeLessThan(10);
  });

  it('has its patience anew for each outage', async () => {
    listen();
    for (let outage = 1; outage <= 2; outage += 1) {
      await waitFor(() => asked(lab.stable) === outage, { what: 'its stream' });
      await lab.stable.kill();
      await passed(MORE_THAN_HALF_MS);
      await lab.stable.listen();
    }
    await waitFor(() => asked(lab.stable) === 3, { what: 'its stream after both' });
  });

  it('moves without a call of its track being counted as lost', async () => {
    await lab.route({ canary: 1 });
    listen();
    await waitFor(() => asked(lab.canary) === 1, { what: 'its stream' });
    await lab.route({ drainCanary: true });
    await waitFor(() => asked(lab.stable) === 1, { what: 'its stream elsewhere' });
    expect((await lab.proxy.calls()).calls).toEqual([]);
  });
});
