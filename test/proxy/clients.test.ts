import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClientKeys } from '../../proxy/client-keys.js';
import { Clients, type ClientPin } from '../../proxy/clients.js';
import { scanMessages, type Message } from '../../proxy/mcp/message-scanner.js';
import type { Binding } from '../../proxy/pin.js';
import { Placement } from '../../proxy/placement.js';
import { Tracks } from '../../proxy/tracks.js';
import { route } from './support/proxies.js';

const DAY_MS = 24 * 3_600_000;
const PORTS = { stable: 1, canary: 2 };
const ALL_ON_CANARY = route(PORTS, { canary: 1 });
const DRAINING = route(PORTS, { drainCanary: true });

const CASES = [
  ['task', { taskId: 't-1' }],
  ['state', { requestState: 's-1' }],
] as const;

describe('a client without a session that brings back', () => {
  let tracks: Tracks;
  let clients: Clients;
  let nowMs: number;

  beforeEach(() => {
    nowMs = 0;
    tracks = new Tracks(ALL_ON_CANARY);
    const placement = new Placement({ header: 'x-canary', always: [], never: [] }, tracks);
    clients = new Clients(tracks, new ClientKeys(Buffer.from('salt')), placement, () => nowMs);
  });

  function pinOf(messages: readonly Message[] = [], headers: object = {}): ClientPin {
    const req = new IncomingMessage(new Socket());
    Object.assign(req.headers, { authorization: 'someone', ...headers });
    return clients.pinOf(req, messages);
  }

  function bindingOf(pin: ClientPin): Binding {
    const acquired = pin.acquire();
    if (acquired.kind !== 'bound') throw new Error(acquired.reason);
    return acquired.binding;
  }

  /** The canary answers with the handle, which is brought back later. */
  function given(handle: object): readonly Message[] {
    const pin = pinOf();
    const [answer] = scanMessages(Buffer.from(JSON.stringify({ id: 1, result: handle })));
    pin.answered(answer!, bindingOf(pin));
    return scanMessages(Buffer.from(JSON.stringify({ id: 2, method: 'm', params: handle })));
  }

  it.each(CASES)('a %s goes to who gave it, while that is routed', (_, handle) => {
    const brought = given(handle);
    tracks.setRoute(DRAINING);
    expect(bindingOf(pinOf(brought)).track).toBe('canary');
    expect(bindingOf(pinOf()).track).toBe('stable');
    tracks.setRoute(route({ stable: PORTS.stable }));
    expect(bindingOf(pinOf(brought)).track).toBe('stable');
  });

  it.each(CASES)('a %s does not go to a later release on that track', (_, handle) => {
    const brought = given(handle);
    tracks.setRoute(route({ stable: PORTS.stable }));
    tracks.setRoute(DRAINING);
    expect(bindingOf(pinOf(brought)).track).toBe('stable');
  });

  it.each(CASES)('a %s after a day goes where the client is', (_, handle) => {
    const brought = given(handle);
    tracks.setRoute(DRAINING);
    nowMs = DAY_MS;
    expect(pinOf(brought).track).toBe('canary');
    nowMs = 2 * DAY_MS + 1;
    expect(pinOf(brought).track).toBe('stable');
  });

  it('a task goes there whoever asks, a state only with its client', () => {
    const another = { authorization: 'another' };
    const task = given({ taskId: 't-1' });
    const state = given({ requestState: 'page 2' });
    tracks.setRoute(DRAINING);
    expect(pinOf(task, another).track).toBe('canary');
    expect(pinOf(state, another).track).toBe('stable');
  });

  it('a handle whose giver is unreachable, or gone, is served where the client is', () => {
    const brought = given({ taskId: 't-1' });
    tracks.setRoute(DRAINING);
    const pin = pinOf(brought);
    pin.unreachable(bindingOf(pin), 0);
    expect(pin.track).toBe('stable');
    const other = pinOf(brought);
    tracks.setRoute(route({ stable: PORTS.stable }));
    expect(bindingOf(other).track).toBe('stable');
  });

  it('nothing, and is to have stable, waits for it a second before it is given the canary', () => {
    tracks.setRoute(route(PORTS, { canary: 0.5 }));
    const placed = pinOf([], { 'x-canary': 'never' });
    placed.unreachable(bindingOf(placed), 500);
    expect(placed.track).toBe('stable');
    placed.unreachable(bindingOf(placed), 1_500);
    expect(placed.track).toBe('canary');
  });
});
