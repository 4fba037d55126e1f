import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../common/clock.js';
import type { ServiceState } from '../../../common/protocol.js';
import { loadConfigText } from '../../../config/load.js';
import type { App, Outcome } from '../../../orchestrator/process-manager.js';
import type { UninstallPlan } from '../../../orchestrator/uninstall/plan.js';
import { takeOut, type TakeOutParts } from '../../../orchestrator/uninstall/take-out.js';
import { freePort } from '../../support/ports.js';

let main: Server;
let listening: boolean;
/** What was done, in order. */
let done: string[];

beforeEach(async () => {
  main = createServer((_, res) => res.end());
  await once(main.listen(await freePort(), '127.0.0.1'), 'listening');
  listening = true;
  done = [];
});
afterEach(() => void main.close());

function planned(): UninstallPlan {
  const { port } = main.address() as AddressInfo;
  const service = `{listen: 8080, stable: ${port}, canary: 8082, probe: tcp, ready: 1s}`;
  const loaded = loadConfigText('canary.yaml', `services:\n  search: ${service}\n`, {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const spec = {
    script: 'server.js',
    cwd: '/',
    interpreter: 'node',
    interpreterArgs: [],
    args: [],
  };
  const before = { ...spec, env: { PORT: String(port) } };
  const app = { name: 'search', pid: process.pid, status: 'online', spec: before } as Partial<App>;
  const after = { ...spec, env: { PORT: '8080' } };
  return { service: loaded.config.services['search']!, main: app as App, before, after };
}

/** Main is this process, which nobody restarts, and the proxy does as it is told. */
function partsFor({ main: app }: UninstallPlan, own: Partial<TakeOutParts>): TakeOutParts {
  const ok = <T>(value: T): Promise<Outcome<T>> => Promise.resolve({ kind: 'ok', value });
  const state = (): ServiceState => ({ listening, listenError: null }) as ServiceState;
  return {
    pm2: {
      daemon: () => ok({ pid: null, startedAtMs: 0, version: '7.0.0' }),
      find: () => ok(app),
      respec: () => {
        done.push('respec');
        return ok(app);
      },
    },
    proxy: {
      state: () => {
        const services = { search: state() };
        return Promise.resolve({
          kind: 'ok',
          value: { pid: 1, epoch: 'e', startedAtMs: 0, services },
        });
      },
      setListening: (_, wanted) => {
        listening = wanted;
        done.push(wanted ? 'listen' : 'let go');
        return Promise.resolve({ kind: 'ok', value: state() });
      },
    },
    clock: systemClock,
    underWay: () => Promise.resolve(null),
    say: () => undefined,
    interrupted: new AbortController().signal,
    ...own,
  };
}

it('takes the port again when nobody can tell whether a rollout is under way', async () => {
  const plan = planned();
  const underWay = (): Promise<never> => Promise.reject(new Error('does not answer'));
  const taken = await takeOut(partsFor(plan, { underWay }), plan);
  expect(taken).toEqual({ kind: 'failed', reason: 'does not answer', troubles: [] });
  expect(done).toEqual(['let go', 'listen']);
});

it('takes the port again when a rollout has just begun, and leaves main alone', async () => {
  const plan = planned();
  const underWay = (): Promise<string> => Promise.resolve('search-3');
  const taken = await takeOut(partsFor(plan, { underWay }), plan);
  expect(taken).toEqual({
    kind: 'failed',
    reason: 'search-3 has just begun [under-way]',
    troubles: [],
  });
  expect(done).toEqual(['let go', 'listen']);
});

it('puts main back when it does not serve on the port of agents', async () => {
  const plan = planned();
  const taken = await takeOut(partsFor(plan, {}), plan);
  expect(taken).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('8080'),
    troubles: [],
  });
  expect(done).toEqual(['let go', 'respec', 'listen']);
});

it.each([
  ['canary-proxy', ['let go', 'listen']],
  ['PM2', ['let go', 'respec', 'listen']],
])('puts everything back when it is interrupted at the step of %s', async (who, wanted) => {
  const plan = planned();
  const interruption = new AbortController();
  const say = (step: string): void => {
    if (step.startsWith(who)) interruption.abort();
  };
  const parts = partsFor(plan, { say, interrupted: interruption.signal });
  const taken = await takeOut(parts, plan);
  expect(taken).toEqual({ kind: 'failed', reason: 'it was interrupted', troubles: [] });
  expect(done).toEqual(wanted);
});
