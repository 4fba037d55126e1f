import { describe, expect, it } from 'vitest';
import type { ServiceConfig } from '../../../config/types.js';
import { passedSmoke, Simulation } from './simulation.js';

const tested: Partial<ServiceConfig> = { contract: { breaking: 'refuse', allow: [] } };
const texts = (run: Simulation): string[] => run.events.map(({ text }) => text);

describe('a canary that is tested before it gets traffic', () => {
  it('gets its first share after it has passed', () => {
    const run = new Simulation(tested).to('observing');
    expect(texts(run)).toEqual(['start canary', 'smoking', 'smoke', 'observing']);
    expect(run.route.tracks.canary).toBeUndefined();
  });

  it('is taken back without any traffic when it fails, with the reason', () => {
    const run = new Simulation(tested);
    run.smokeResult = { ...passedSmoke, passed: false, reason: 'echo: wanted a result' };
    run.toEnd();
    expect(run.phase).toMatchObject({ kind: 'rolled-back', cause: 'echo: wanted a result' });
    expect(texts(run)).not.toContain('observing');
    expect(run.canaryListed).toBe(false);
  });

  it('is taken back when its process ends under the test', () => {
    const run = new Simulation(tested).to('smoking');
    run.smokeHangs = true;
    run.tick();
    run.canary = null;
    expect(run.toEnd().phase).toMatchObject({ cause: expect.stringContaining('process ended') });
    expect(run.nowMs).toBeLessThan(5_000);
  });

  it('is taken back when the test never ends', () => {
    const run = new Simulation({ ...tested, smoke: { suite: '/suite.yaml', timeoutMs: 600_000 } });
    run.smokeHangs = true;
    expect(run.toEnd().phase).toMatchObject({ cause: 'the smoke test did not end in its time' });
    expect(run.nowMs).toBeGreaterThanOrEqual(600_000);
    expect(run.nowMs).toBeLessThan(700_000);
  });

  it('is tested again by an orchestrator that knows no result of before', () => {
    const run = new Simulation(tested).to('smoking');
    run.smokeHangs = true;
    run.tick();
    run.smoke = null;
    run.smokeHangs = false;
    run.to('observing');
    expect(texts(run).filter((text) => text === 'smoke')).toHaveLength(2);
  });

  it('waits with its traffic for a proxy and a daemon that are down', () => {
    for (const part of ['daemonUp', 'proxyUp'] as const) {
      const run = new Simulation(tested).to('smoking');
      run.tick();
      run[part] = false;
      for (let i = 0; i < 5; i += 1) run.tick();
      expect(run.phase.kind).toBe('smoking');
      run[part] = true;
      expect(run.to('observing').phase.kind).toBe('observing');
    }
  });
});

describe('a person', () => {
  it.each(['starting', 'smoking'])(
    'who asks to promote while it is %s still gets it tested',
    (at) => {
      const run = new Simulation(tested).to(at);
      run.ask('promote');
      run.toEnd();
      expect(run.phase.kind).toBe('promoted');
      expect(texts(run)).toContain('smoke');
      expect(texts(run)).not.toContain('observing');

      const failing = new Simulation(tested).to(at);
      failing.ask('promote');
      failing.smokeResult = { ...passedSmoke, passed: false };
      expect(failing.toEnd().phase.kind).toBe('rolled-back');
    },
  );

  it('can roll back while it is tested', () => {
    const run = new Simulation(tested).to('smoking');
    run.smokeHangs = true;
    run.tick();
    run.ask('rollback');
    expect(run.toEnd().phase).toMatchObject({ cause: 'a person asked for it' });
  });

  it('who pauses it while it is tested holds it afterwards', () => {
    const run = new Simulation(tested).to('smoking');
    run.ask('pause');
    expect(run.to('held').phase).toMatchObject({ why: 'paused' });
    expect(texts(run)).toContain('smoke');
  });
});
