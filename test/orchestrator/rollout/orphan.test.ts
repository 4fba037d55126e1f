/** A process that PM2 has lost sight of keeps main's port: it is ended, and nobody else's is. */
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../common/clock.js';
import { createPm2, type Pm2 } from '../../../orchestrator/pm2/adapter.js';
import type { AppView } from '../../../orchestrator/pm2/app.js';
import { openConnection } from '../../../orchestrator/pm2/axon.js';
import { applyRelease, type AppSpec } from '../../../orchestrator/pm2/spec.js';
import { environOf } from '../../../orchestrator/proc/files.js';
import { portHolder } from '../../../orchestrator/proc/ports.js';
import { instanceOf } from '../../../orchestrator/proc/tree.js';
import { look, type LookParts } from '../../../orchestrator/rollout/look.js';
import { RolloutLoop, type LoopParts } from '../../../orchestrator/rollout/loop.js';
import { perform, type PerformParts } from '../../../orchestrator/rollout/perform.js';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import { Store } from '../../../orchestrator/store/store.js';
import { MemoryProxy } from '../../library/memory-proxy.js';
import { askApp, NODE_SERVER } from '../../support/apps.js';
import { expectOk } from '../../support/outcome.js';
import { startApp, startPrivatePm2, type PrivatePm2 } from '../../support/pm2-sandbox.js';
import { freePort } from '../../support/ports.js';
import { isRunning, signal, start, type Started } from '../../support/processes.js';
import { waitFor } from '../../support/wait.js';
import { service, Simulation } from './simulation.js';

/** An app that listens so late does not listen in any of these tests. */
const NEVER_MS = '600000';

describe('an orphan that keeps the port', () => {
  const orphan = { pid: 99, startTicks: 99 };

  it.each([
    ['promoted', 'new'],
    ['rolled-back', 'old'],
  ] as const)('is ended where main is restarted, and the rollout is %s', (end, release) => {
    const run = new Simulation();
    if (end === 'rolled-back') {
      run.to('baking');
      run.ask('rollback');
    }
    run.until(() => run.where.endsWith('/restarting-main') && run.main?.release === release);
    run.orphan = orphan;
    const restart = run.tick();
    expect(restart).toMatchObject({ action: { kind: 'respec-main', release, orphan } });
    expect(restart).toHaveProperty('then.reason', expect.stringContaining('process 99'));
    expect(run.toEnd().phase.kind).toBe(end);
  });

  it('is ended though PM2 has given main up, and though its time is over', () => {
    const run = new Simulation();
    run.until(() => run.where.endsWith('/restarting-main') && run.main?.release === 'new');
    run.orphan = orphan;
    run.mainStatus = 'errored';
    run.nowMs += 3_600_000;
    run.tick();
    run.mainStatus = null;
    expect(run.toEnd().phase.kind).toBe('promoted');
  });
});

describe('on a PM2', () => {
  let sandbox: PrivatePm2;
  let pm2: Pm2;
  let port: number;
  let main: AppView;
  let store: Store;
  beforeAll(async () => {
    sandbox = await startPrivatePm2();
    pm2 = createPm2({ home: sandbox.home, timeoutMs: 10_000 });
  });
  afterAll(() => sandbox.dispose());
  beforeEach(async () => {
    port = await freePort();
    const env = { PORT: port, BOOT_MS: '0' };
    const app = { name: service.app, script: NODE_SERVER, kill_timeout: 300 };
    await startApp(sandbox, { ...app, env });
    await askApp(port);
    main = expectOk(await pm2.find(service.app));
    store = Store.open(join(sandbox.dir, `${port}.db`));
  });
  afterEach(async () => {
    store.close();
    for (const app of expectOk(await pm2.list())) expectOk(await pm2.remove(app));
  });

  /** Tells PM2 twice at the same moment to start main. Only the second process is known to it; the first has to be killed. */
  async function losesSightOfMain(): Promise<number> {
    const opened = await openConnection(join(sandbox.home, 'rpc.sock'));
    if (opened.kind !== 'open') throw new Error(opened.reason);
    const startedWith = (env: Record<string, string>) =>
      opened.connection.call('restartProcessId', { id: main.pmId, env }, 10_000);
    expectOk(await pm2.stop(main));
    // A daemon that stands still finds both orders when it goes on.
    signal(sandbox.daemonPid()!, 'SIGSTOP');
    const orders = [startedWith({ IGNORE_SIGINT: '1' }), startedWith({ BOOT_MS: NEVER_MS })];
    signal(sandbox.daemonPid()!, 'SIGCONT');
    await Promise.all(orders);
    opened.connection.close();
    const { pid } = await askApp(port);
    const known = expectOk(await pm2.list()).map((app) => app.pid);
    expect(known).not.toContain(pid);
    return pid;
  }

  /** A rollback at its restart of main, run until it is over or waits for a person. */
  async function takenBackTo(oldSpec: AppSpec, readyMs: number): Promise<Rollout> {
    const config = {
      ...service,
      stable: { host: '127.0.0.1', port },
      probe: { kind: 'http', path: '/' } as const,
      readyMs,
    };
    const begun: Rollout = {
      ...new Simulation(config).rollout,
      oldSpec,
      newSpec: applyRelease(oldSpec, { env: { RELEASE: 'new' } }),
      phase: {
        kind: 'rolling-back',
        cause: 'it is bad',
        mainTouched: true,
        stage: 'restarting-main',
        deadlineMs: Date.now() + readyMs,
        before: null,
      },
    };
    store.insert(begun, 1);
    const world = {
      pm2,
      proxy: new MemoryProxy(config),
      clock: systemClock,
      env: sandbox.env,
      smoke: { progress: () => null, end: () => undefined },
      preparations: { stateOf: () => null, stop: () => Promise.resolve() },
    } as unknown as LookParts & PerformParts;
    const parts = {
      store,
      world: {
        look: (rollout: Rollout) => look(world, rollout),
        perform: (action: Parameters<typeof perform>[1], rollout: Rollout) =>
          perform(world, action, rollout),
        isAlive: () => true,
      },
      monitor: {
        collect: () => Promise.resolve({ stops: new Set(), memoryRestarts: new Set() }),
        assess: () => null,
      },
      notifications: { lettersFor: () => [] },
      clock: systemClock,
      log: pino({ level: 'silent' }),
    } as unknown as LoopParts;
    const loop = new RolloutLoop(parts, begun);
    const program = new AbortController();
    const running = loop.run(program.signal);
    await waitFor(() => ['held', 'rolled-back'].includes(loop.rollout.phase.kind), {
      what: 'the rollout to be over or held',
    });
    program.abort();
    await running;
    return loop.rollout;
  }
  const told = (rollout: Rollout): string =>
    store
      .transitions(rollout.id)
      .map(({ reason }) => reason)
      .join('\n');

  /** What `pm2 delete` and `pm2 start` of its file do: PM2 has another id for it then. */
  async function startsAnew(): Promise<void> {
    expectOk(await pm2.remove(expectOk(await pm2.find(service.app))));
    const app = { name: service.app, script: NODE_SERVER, kill_timeout: 300 };
    await startApp(sandbox, { ...app, env: { PORT: port, BOOT_MS: '0' } });
  }

  it.each([
    ['has lost sight of', () => Promise.resolve()],
    ['has lost sight of, and main is another app since', startsAnew],
  ])('main gets its port back from a process that PM2 %s', async (_, happens) => {
    const orphan = await losesSightOfMain();
    await happens();

    const over = await takenBackTo(main.spec, 30_000);

    expect(over.phase.kind).toBe('rolled-back');
    expect(isRunning(orphan)).toBe(false);
    expect(told(over)).toContain(
      `process ${orphan}, which PM2 had started for main and lost sight of`,
    );
    const { pid } = expectOk(await pm2.find(service.app));
    expect((await askApp(port)).pid).toBe(pid);
  });

  describe('a port that somebody else has', () => {
    let stranger: Started | null = null;
    afterEach(() => stranger?.end());

    /** Even with all that PM2 has started main with: it is not PM2's child. */
    async function copyOfMain(): Promise<void> {
      const env = Object.fromEntries(environOf(main.pid!)!);
      expect(env['unique_id']).toBe(main.uniqueId);
      expectOk(await pm2.stop(main));
      stranger = start(process.execPath, [NODE_SERVER], { env });
    }

    async function anotherApp(): Promise<void> {
      expectOk(await pm2.stop(main));
      await startApp(sandbox, { name: 'tenant', script: NODE_SERVER, env: { PORT: port } });
    }

    it.each([
      ['a copy of main', copyOfMain],
      ['another app of this PM2', anotherApp],
    ])('is left to it, and the rollout is held: %s', async (_, takePort) => {
      await takePort();
      const { pid } = await askApp(port);
      const holder = instanceOf(pid);

      const late = applyRelease(main.spec, { env: { BOOT_MS: NEVER_MS } });
      const held = await takenBackTo(late, 2_000);

      expect(held.phase).toMatchObject({ kind: 'held', why: 'main-down' });
      expect(told(held)).toContain(`port ${port} belongs to process ${pid}, not to ${service.app}`);
      expect(told(held)).not.toContain('lost sight of');
      expect(portHolder(port)).toBe(pid);
      expect(instanceOf(pid)).toEqual(holder);
    });
  });
});
