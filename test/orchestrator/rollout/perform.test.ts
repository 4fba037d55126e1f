/** How a rollout is tidied up where another hand has scaled main. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../common/clock.js';
import { perform, type PerformParts } from '../../../orchestrator/rollout/perform.js';
import type { Phase } from '../../../orchestrator/rollout/phase.js';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import type { AppSpec } from '../../../orchestrator/pm2/spec.js';
import { LocalProcesses } from '../../library/local-processes.js';
import { oldSpec, service } from './simulation.js';

const MARK = 'perform-test.1';

describe('tidying up with main scaled by another hand', () => {
  let dir: string;
  let pm2: LocalProcesses;
  let spec: AppSpec;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'canary-perform-'));
    pm2 = new LocalProcesses(dir);
    const idle = 'setInterval(() => {}, 1000)';
    const program = { interpreter: process.execPath, script: '-e', args: [idle], env: {} };
    spec = { ...oldSpec, ...program, interpreterArgs: [], cwd: dir };
    pm2.start(service.app, spec);
    pm2.start(service.app, spec);
    pm2.start(service.canaryApp, spec, MARK);
  });
  afterEach(async () => {
    await pm2.stopAll();
    rmSync(dir, { recursive: true, force: true });
  });

  const tidyUp = (phase: Phase) => {
    const parts = {
      pm2,
      clock: systemClock,
      smoke: { end: () => undefined },
      preparations: { stop: () => Promise.resolve() },
    } as unknown as PerformParts;
    const rollout = {
      ...{ id: 'a-1', mark: MARK, config: service, phase, oldSpec: spec, newSpec: spec },
    } as Partial<Rollout> as Rollout;
    return perform(parts, { kind: 'tidy-up' }, rollout);
  };
  const names = async (): Promise<string[]> => {
    const listed = await pm2.list();
    return listed.kind === 'ok' ? listed.value.map(({ name }) => name) : [];
  };

  it('ends a rollback, and leaves main scaled', async () => {
    const phase = { kind: 'rolling-back', stage: 'removing', cause: '' } as Partial<Phase> as Phase;
    expect(await tidyUp(phase)).toEqual({ done: true });
    expect(await names()).toEqual([service.app, service.app]);
  });

  it('does not end a promotion', async () => {
    const phase = { kind: 'retiring' } as Partial<Phase> as Phase;
    const reason = `PM2 has 2 apps ${service.app}`;
    expect(await tidyUp(phase)).toEqual({ done: false, reason });
  });
});
