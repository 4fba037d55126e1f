/** `canary doctor` on a stage of its own: whole, and with one thing after the other wrong. */
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../common/clock.js';
import { createHome, homeFrom } from '../../../common/home.js';
import { loadConfig } from '../../../config/load.js';
import { runCli } from '../../../orchestrator/cli/program.js';
import type { Diagnosis } from '../../../orchestrator/doctor/diagnosis.js';
import { examine } from '../../../orchestrator/doctor/doctor.js';
import { gatherFacts } from '../../../orchestrator/doctor/facts.js';
import { checkNodeVersion } from '../../../orchestrator/doctor/node-version.js';
import { diskSpace } from '../../../orchestrator/doctor/state-folder.js';
import { Proxy } from '../../../proxy/proxy.js';
import pino from 'pino';
import { askApp, NODE_SERVER, PYTHON_SERVER } from '../../support/apps.js';
import { startApp, startPrivatePm2, type PrivatePm2 } from '../../support/pm2-sandbox.js';
import { freePort } from '../../support/ports.js';
import { start } from '../../support/processes.js';

const UUID = '00000000-0000-4000-8000-000000000000';

let sandbox: PrivatePm2;
let dir: string;
let env: NodeJS.ProcessEnv;
let proxy: Proxy;
const ports = {
  stable: 0,
  listen: 0,
  canary: 0,
  pythonStable: 0,
  pythonListen: 0,
  pythonCanary: 0,
};

beforeAll(async () => {
  sandbox = await startPrivatePm2();
  dir = mkdtempSync(join(tmpdir(), 'doctor-'));
  env = { CANARY_HOME: join(dir, 'home'), PM2_HOME: sandbox.home, PATH: process.env['PATH'] };
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  const secret = { API_TOKEN: 's3cret' };
  await startApp(sandbox, {
    name: 'web',
    script: NODE_SERVER,
    max_memory_restart: '300M',
    env: { PORT: String(ports.stable), ...secret },
  });
  await startApp(sandbox, {
    name: 'snake',
    script: PYTHON_SERVER,
    interpreter: 'python3',
    env: { PORT: String(ports.pythonStable), ...secret },
  });
  await Promise.all([ports.stable, ports.pythonStable].map((port) => askApp(port)));
  await sandbox.pm2('save');
  await configure('limits: {memory: 200MB}');
  const home = homeFrom(env);
  createHome(home);
  const loaded = loadConfig(join(dir, 'canary.yaml'), env);
  const config = loaded.ok ? loaded.config : expect.fail(JSON.stringify(loaded));
  const log = pino({ level: 'silent' });
  proxy = new Proxy({ config, home, clock: systemClock, log });
  await proxy.open();
});

afterAll(async () => {
  await proxy.close(0);
  await sandbox.dispose();
  rmSync(dir, { recursive: true, force: true });
});

let metrics = 0;

async function configure(settings: string): Promise<void> {
  metrics ||= await freePort();
  const { stable, listen, canary, pythonStable, pythonListen, pythonCanary } = ports;
  writeFileSync(
    join(dir, 'canary.yaml'),
    `pm2Home: ${sandbox.home}
proxy: {metrics: ${metrics}}
services:
  web: {listen: ${listen}, stable: ${stable}, canary: ${canary}, probe: 'http:/', ${settings}}
  snake: {listen: ${pythonListen}, stable: ${pythonStable}, canary: ${pythonCanary}, probe: tcp}
`,
  );
}

async function canary(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const out: string[] = [];
  const code = await runCli(args, {
    out: (text) => out.push(text),
    err: (text) => out.push(text),
    env: { ...env, ...more },
    cwd: dir,
    color: false,
  });
  return { code, text: out.join('\n') };
}

async function diagnoses(): Promise<readonly Diagnosis[]> {
  const { text } = await canary(['doctor', '--json']);
  return (JSON.parse(text) as { checks: Diagnosis[] }).checks;
}

async function found(check: string): Promise<Diagnosis[]> {
  return (await diagnoses()).filter((each) => each.check === check);
}

describe('canary doctor', () => {
  it('finds all well but for the orchestrator that does not run, with the remedy', async () => {
    const { code, text } = await canary(['doctor']);
    expect(code).toBe(1);
    const lines = text.split('\n');
    expect(lines.filter((line) => line.startsWith('failure'))).toEqual([
      expect.stringMatching(
        /^failure {2}canary-orchestrator: does not answer: .* -> pm2 start .*ecosystem\.config\.js --only canary-orchestrator$/,
      ),
    ]);
    expect(lines.filter((line) => line.startsWith('warning'))).toEqual([]);
    for (const line of [
      /^ok {7}config: .*canary\.yaml is valid \(web, snake\)/m,
      /^ok {7}pm2: the daemon in .* answers/m,
      /^ok {7}state folder: /m,
      /^ok {7}canary-proxy: answers, with the installed version/m,
      new RegExp(`^ok {7}web listen: canary-proxy serves agents on 127.0.0.1:${ports.listen}`, 'm'),
      new RegExp(`^ok {7}web main: web .* listens on 127.0.0.1:${ports.stable}`, 'm'),
      /^ok {7}snake main: /m,
      /^ok {7}web probe: main answers \(http\)/m,
      /^ok {7}leftovers: /m,
      /^ok {7}dump: /m,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text).not.toContain('s3cret');
  });

  it('sees what a rollout would miss: a suite, a program, a folder, secrets', async () => {
    writeFileSync(join(dir, 'suite.yaml'), 'calls:\n  - tool: echo\n    expct: {}\n');
    await configure(
      "smoke: suite.yaml, release: {dir: suite.yaml/releases, prepare: ['no-such-program {{version}}', 'cd .']}",
    );
    appendFileSync(
      join(dir, 'canary.yaml'),
      'notify: [{name: ops, webhook: "http://127.0.0.1:1", secret: "env:NOT_SET"}, {name: team, slack: "file:no-file"}, {name: fine, slack: "env:API"}]\n',
    );
    const { text } = await canary(['doctor'], { API: 's3cret' });
    for (const line of [
      /^failure {2}web smoke: .*suite\.yaml:3: calls\[0\]\.expct: unknown key, did you mean expect\?/m,
      /^failure {2}web release: .*suite\.yaml cannot be written to -> set release\.dir$/m,
      /^warning {2}web release: there is no no-such-program on this PATH/m,
      /^warning {2}ops secrets: \$NOT_SET is not set here -> canary notify test/m,
      /^failure {2}team secrets: .*no-file cannot be read \(ENOENT\)/m,
      /^ok {7}fine secrets: can be read$/m,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text).not.toMatch(/s3cret|there is no cd/);
    const validated = await canary(['validate']);
    expect(validated.code).toBe(2);
    expect(validated.text).toMatch(/suite\.yaml:3:5: calls\[0\]\.expct: unknown key/);
  });

  it('sees a scheduled release that is not there', async () => {
    await configure("release: {prepare: ['make {{version}}']}");
    const cron = 'cron: "0 22 * * *", timeZone: UTC';
    const releases = `{web: {version: '2'}, snake: {cwd: ${dir}/snake-2}}`;
    appendFileSync(
      join(dir, 'canary.yaml'),
      `groups: {all: {services: [web, snake]}}
schedules: {nightly: {group: all, ${cron}, releases: ${releases}}, daily: {service: web, ${cron}}}
`,
    );
    expect(await found('schedule nightly')).toEqual([
      expect.objectContaining({
        state: 'warning',
        message: `snake: cwd ${dir}/snake-2 is no folder [bad-cwd]`,
      }),
    ]);
    expect(await found('schedule daily')).toMatchObject([{ state: 'ok' }]);
    await configure('limits: {memory: 200MB}');
  });

  it('sees a configuration that the proxy was not started with, and a limit that PM2 beats', async () => {
    await configure('limits: {memory: 500MB}');
    expect(await found('canary-proxy')).toEqual([
      expect.objectContaining({
        state: 'warning',
        message: 'was started with another content of canary.yaml',
        remedy: 'canary reload',
      }),
    ]);
    expect((await found('web memory limit'))[0]).toMatchObject({
      state: 'warning',
      message: expect.stringContaining('PM2 restarts main at 315 MB'),
    });
    await configure('limits: {memory: 200MB}');
  });

  it('sees a stranger on the canary’s port', async () => {
    const stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(ports.canary, '127.0.0.1', resolve));
    expect((await found('web ports'))[0]).toMatchObject({
      state: 'failure',
      message: `port ${ports.canary} is taken by process ${process.pid}`,
    });
    await closed(stranger);
    expect((await found('web ports'))[0]).toMatchObject({ state: 'ok' });
  });

  it('sees what was changed since pm2 save, by its name only', async () => {
    const dump = join(sandbox.home, 'dump.pm2');
    const before = readFileSync(dump, 'utf8');
    writeFileSync(dump, before.replaceAll('s3cret', 'an older s3cret'));
    const [first, ...more] = await found('dump');
    expect(first).toMatchObject({ state: 'warning', remedy: 'pm2 save' });
    expect(first!.message).toContain('web was saved with another env.API_TOKEN');
    expect(more).toHaveLength(1);
    expect(JSON.stringify([first, more])).not.toContain('s3cret');
    writeFileSync(dump, '[broken s3cret');
    expect((await found('dump'))[0]!.message).toBe("PM2's saved list cannot be read");
    rmSync(dump);
    expect((await found('dump'))[0]!.message).toContain('no saved list');
    writeFileSync(dump, before);
  });

  it('sees an ecosystem file that says something else than main runs, with its line', async () => {
    const file = join(sandbox.dir, 'web.json');
    await configure(`ecosystem: ${file}`);
    expect(await found('web ecosystem')).toMatchObject([{ state: 'ok' }]);
    const entry = { name: 'web', script: '/srv/old.js', env: { API_TOKEN: 's3cret' } };
    writeFileSync(file, JSON.stringify({ apps: [entry] }, null, 2));
    expect(await found('web ecosystem')).toEqual([
      expect.objectContaining({
        state: 'warning',
        message: `${file}:5 does not say what main runs: script is /srv/old.js, should be ${NODE_SERVER}`,
      }),
    ]);
    writeFileSync(file, '{');
    expect((await found('web ecosystem'))[0]!.message).toContain(`${file}: `);
    await configure('limits: {memory: 200MB}');
  });

  it('sees a process of a rollout that PM2 has lost sight of, and none of another PM2', async () => {
    const mark = { CANARY_ROLLOUT: `web-7.${UUID}` };
    const stray = start('sleep', ['600'], { env: { ...mark, PM2_HOME: sandbox.home } });
    const foreign = start('sleep', ['600'], { env: { ...mark, PM2_HOME: '/elsewhere' } });
    const left = await found('leftovers');
    await Promise.all([stray.end(), foreign.end()]);
    expect(left).toEqual([
      expect.objectContaining({
        state: 'warning',
        message: `process ${stray.pid} is of rollout web-7, and PM2 does not know it`,
        remedy: `kill ${stray.pid}`,
      }),
    ]);
  });

  it('sees a state folder that is open to others', async () => {
    chmodSync(join(dir, 'home'), 0o755);
    expect(await found('state folder')).toEqual([
      expect.objectContaining({ state: 'failure', remedy: `chmod go= ${join(dir, 'home')}` }),
    ]);
    chmodSync(join(dir, 'home'), 0o700);
  });

  it('works when there is nothing at all, and says so', async () => {
    const empty = { PM2_HOME: dir, CANARY_HOME: join(dir, 'none'), CANARY_CONFIG: '/none.yaml' };
    const { code, text } = await canary(['doctor'], empty);
    expect(code).toBe(1);
    expect(text).toMatch(/^failure {2}config: \$CANARY_CONFIG names \/none\.yaml, which does not/m);
    expect(text).toMatch(/^failure {2}pm2: no PM2 daemon at/m);
    expect(text).toMatch(/^warning {2}state folder: .* is not there/m);
    expect(text).toMatch(/^failure {2}canary-proxy: does not answer/m);
  });

  it('sees a main that is stopped', async () => {
    await sandbox.pm2('stop', 'web');
    expect((await found('web main'))[0]).toMatchObject({
      state: 'failure',
      message: 'web is stopped, without a process',
    });
  });
});

function closed(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

it('a check that hangs or throws is a failure of its own', async () => {
  const facts = await gatherFacts({ env, cwd: dir, configFlag: undefined });
  const checks = {
    slow: () => new Promise<Diagnosis[]>(() => undefined),
    broken: () => {
      throw new Error('a bug');
    },
  };
  expect(await examine(facts, checks, 50)).toEqual([
    expect.objectContaining({ check: 'slow', message: expect.stringContaining('within 50 ms') }),
    expect.objectContaining({ check: 'broken', message: 'could not be checked: a bug' }),
  ]);
});

it('an old Node and a full disk are named', () => {
  expect(checkNodeVersion('v20.18.9')[0]!.state).toBe('failure');
  for (const version of ['v20.19.0', 'v22.0.0', 'v24.1.0']) {
    expect(checkNodeVersion(version)[0]!.state).toBe('ok');
  }
  expect([1e9, 100e6, 1e6].map((bytes) => diskSpace('/x', bytes).state)).toEqual([
    'ok',
    'warning',
    'failure',
  ]);
});
