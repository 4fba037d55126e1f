import { expect, test } from 'vitest';
import { ShareMeter } from '../../proxy/share.js';
import { Tracks } from '../../proxy/tracks.js';
import { route } from './support/proxies.js';

const ports = { stable: 1, canary: 2 };

test('what was opened before the weights were set says nothing of them', () => {
  const tracks = new Tracks(route(ports));
  const meter = new ShareMeter(tracks);
  const set = (...weights: Parameters<typeof route>): void => {
    tracks.setRoute(route(...weights));
    meter.routeSet();
  };
  expect(meter.share).toEqual({ set: 0, actual: null });
  tracks.meter('stable').sessionsOpened += 50;
  set(ports, { canary: 0.25 });
  expect(meter.share).toEqual({ set: 0.25, actual: null });
  tracks.meter('stable').sessionsOpened += 3;
  tracks.meter('canary').sessionsOpened += 1;
  expect(meter.share).toEqual({ set: 0.25, actual: 0.25 });
  set(ports, { canary: 0.25, drainStable: true });
  expect(meter.share.actual).toBe(0.25);
  set(ports, { canary: 1 });
  expect(meter.share).toEqual({ set: 1, actual: null });
});
