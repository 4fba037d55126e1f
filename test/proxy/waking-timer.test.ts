import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WakingTimer } from '../../proxy/waking-timer.js';
import { freePort } from '../support/ports.js';

/** This process does nothing for a while, as when it is frozen. */
function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('a waking timer', () => {
  it('fires after what had come while the process was frozen has been read', async () => {
    const server = createServer((socket) => void socket.on('data', () => events.push('read')));
    const events: string[] = [];
    await once(server.listen(await freePort(), '127.0.0.1'), 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(server, 'connection');
    const fired = new Promise<void>((resolve) => {
      new WakingTimer(50, () => {
        events.push('fired');
        resolve();
      });
    });
    client.write('an answer');
    freeze(400);
    await fired;
    expect(events).toEqual(['read', 'fired']);
    client.destroy();
    server.close();
  });

  it('does not fire when it was cancelled, asleep or awake', async () => {
    const events: string[] = [];
    const timers = [1, 60].map((ms) => new WakingTimer(ms, () => events.push('cancelled')));
    freeze(300);
    // Both are late now, and begin anew.
    await delay(0);
    timers.forEach((timer) => timer.cancel());
    await new Promise<void>((resolve) => {
      new WakingTimer(100, () => {
        events.push('the last');
        resolve();
      });
    });
    expect(events).toEqual(['the last']);
  });
});
