import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../common/clock.js';
import type { Track } from '../../common/protocol.js';
import { Bindings } from '../../proxy/bindings.js';
import { Gate } from '../../proxy/gate.js';
import type { Handshake } from '../../proxy/mcp/handshake.js';
import { Mover, type Movable } from '../../proxy/mover.js';
import { SessionMeter } from '../../proxy/session-meter.js';
import { Split } from '../../proxy/split.js';
import { Tracks } from '../../proxy/tracks.js';

const HERE = { host: '127.0.0.1', port: 1 };
const NOBODY: Handshake = { kind: 'unreachable', reason: 'nobody listens' };
const setUp = (upstreamId: string): Handshake => ({
  kind: 'done',
  upstreamId,
  protocolVersion: '1',
});

let tracks: Tracks;
let meter: SessionMeter;
let mover: Mover;
/** What the next handshake comes to. */
let connect: Movable['connect'];
/** The instances' ids of what was ended there. */
let ended: (string | null)[];

/** A session on stable, without a binding there yet. */
beforeEach(() => {
  tracks = new Tracks({ tracks: { stable: { ...HERE, weight: 1, drain: false } } });
  meter = new SessionMeter();
  ended = [];
  const session: Movable = {
    label: 'x',
    headers: [],
    connect: (...given) => connect(...given),
    disconnect: ({ upstreamId }) => void ended.push(upstreamId),
    save: () => undefined,
  };
  const start = { track: 'stable', generation: -1 } as const;
  const bindings = new Bindings(tracks, start, (binding) => session.disconnect(binding));
  mover = new Mover(session, bindings, {
    tracks,
    split: new Split<Track>(),
    handshakes: new Gate(1),
    clock: systemClock,
    log: pino({ level: 'silent' }),
    meter,
    patienceMs: 0,
  });
});

it('ends what was set up on an instance after the session had moved on', async () => {
  connect = (_upstream, _headers, signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(setUp('too late')));
    });
  const acquiring = mover.acquire();
  connect = () => Promise.resolve(setUp('in time'));
  const stable = { ...HERE, weight: 0, drain: true };
  tracks.setRoute({ tracks: { stable, canary: { ...HERE, port: 2, weight: 1, drain: false } } });
  expect(mover.leave()).toBe(true);
  // The call that waited has no patience left; the next one finds the session where it is now.
  expect(await acquiring).toMatchObject({ kind: 'unavailable', reason: 'the session moved on' });
  expect(ended).toEqual(['too late']);
  const binding = { track: 'canary', upstreamId: 'in time' };
  expect(await mover.acquire()).toMatchObject({ kind: 'bound', binding });
});

it('counts a session as lost once, until it is set up again', async () => {
  const lose = async (): Promise<void> => {
    connect = () => Promise.resolve(NOBODY);
    expect(await mover.acquire()).toMatchObject({ kind: 'unavailable' });
  };
  await lose();
  await lose();
  expect([meter.moved.reconnected.failed, meter.lost.unreachable]).toEqual([2, 1]);
  connect = () => Promise.resolve(setUp('again'));
  const acquired = await mover.acquire();
  if (acquired.kind === 'bound') mover.lost(acquired.binding, 'unreachable');
  await lose();
  expect([meter.moved.unreachable.failed, meter.lost.unreachable]).toEqual([1, 2]);
});
