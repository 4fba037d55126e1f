/** When a session is idle, however the clock is set. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfigText } from '../../config/load.js';
import { disconnected } from '../../proxy/mcp/disconnected.js';
import { defaultRoute } from '../../proxy/route.js';
import type { Session } from '../../proxy/session.js';
import { SessionMeter } from '../../proxy/session-meter.js';
import { Sessions } from '../../proxy/sessions.js';
import { Store } from '../../proxy/store.js';
import { Tracks } from '../../proxy/tracks.js';

const log = pino({ level: 'silent' });
const HOUR_MS = 3_600_000;

describe('a session', () => {
  let dir: string;
  let store: Store;
  let sessions: Sessions;
  let aheadMs = 0;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'proxy-sessions-'));
    store = Store.open(join(dir, 'proxy.db'), log);
    const text = 'services: { svc: { listen: 1, stable: 2, canary: 3, sessionIdle: 10m } }';
    const loaded = loadConfigText('canary.yaml', text, {});
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const config = loaded.config.services['svc']!;
    const clock = { now: () => Date.now() + aheadMs, sleep: () => Promise.resolve() };
    const tracks = new Tracks(defaultRoute(config.stable));
    sessions = new Sessions(config, store, tracks, new SessionMeter(), clock, log);
  });
  afterEach(() => {
    aheadMs = 0;
    store.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const opened = (): Session =>
    sessions.create({
      kind: 'streamable',
      track: 'stable',
      placed: false,
      initialize: null,
      path: '/mcp',
      client: null,
      connector: disconnected,
    });
  const lives = ({ id }: Session): boolean => sessions.get(id) !== undefined;

  it.each([24, -24])('lives on when the clock is set by %i h, used before or since', (hours) => {
    const [before, since] = [opened(), opened()];
    aheadMs = hours * HOUR_MS;
    since.seen('/mcp', []);
    sessions.sweep();
    expect([lives(before), lives(since)]).toEqual([true, true]);
    sessions.sweep();
    expect([lives(before), lives(since)]).toEqual([true, true]);
  });

  it.each([0, 24, -24])('ends when nobody uses it, the clock set by %i h meanwhile', (hours) => {
    const [idle, busy] = [opened(), opened()];
    idle.usedAtMs -= 11 * 60_000;
    aheadMs = hours * HOUR_MS;
    sessions.sweep();
    expect([lives(idle), lives(busy)]).toEqual([false, true]);
  });

  it('begins to be idle when its last stream has ended', () => {
    const session = opened();
    session.streams = 1;
    session.usedAtMs -= 2 * HOUR_MS;
    sessions.sweep();
    session.streams = 0;
    sessions.sweep();
    expect(lives(session)).toBe(true);
    session.usedAtMs -= 11 * 60_000;
    sessions.sweep();
    expect(lives(session)).toBe(false);
  });

  it('is known to have been busy by the next process', () => {
    const session = opened();
    session.usedAtMs -= HOUR_MS;
    sessions.save(session);
    session.streams = 1;
    sessions.sweep();
    const [stored] = store.loadSessions('svc');
    expect(Date.now() - (stored?.usedAtMs ?? 0)).toBeLessThan(60_000);
  });
});
