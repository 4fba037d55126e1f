import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package.js';
import type { Stage } from '../../demo/stage.js';
import { probe } from '../../orchestrator/probe/probe.js';
import { portHolder } from '../../orchestrator/proc/ports.js';
import { eventsOf, expectTidy, openTestStage, pidOf, SERVICE, typed } from './support.js';

let stage: Stage;

function run(
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script], { env: { ...env } });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('close', (code) => resolve({ code, stderr }));
  });
}

beforeAll(async () => {
  // One test waits for a main that cannot come up.
  stage = await openTestStage({ ready: '12s' });
});

afterAll(() => stage.dispose());

describe('a dry run', () => {
  it('shows what differs, with secrets masked, and starts nothing', async () => {
    const flags = ['--env', 'API_TOKEN=another-secret', '--env', 'NEW=not-shown', '--args', 'sse'];
    const { code, stdout } = await stage.canary('start', SERVICE, '--dry-run', ...flags);
    expect(code).toBe(0);
    expect(stdout).toContain('env.API_TOKEN: (set) -> (changed)');
    expect(stdout).toContain('env.NEW: (absent) -> (set)');
    expect(stdout).toContain('args: streamableHttp -> sse');
    expect(stdout).not.toMatch(/another-secret|a-secret-of-main|not-shown/);
    expect(await stage.rollout(SERVICE)).toBeNull();
  });

  it('takes the release from an ecosystem file, CommonJS or ESM', async () => {
    const body = `apps: [{ name: '${SERVICE}', script: '${join(stage.home, 'new.js')}', args: 'a "b c"' }]`;
    writeFileSync(join(stage.home, 'new.js'), '');
    for (const [file, text] of [
      ['eco.config.cjs', `module.exports = { ${body} }`],
      ['eco.config.mjs', `export const ${body.replace('apps:', 'apps =')}`],
    ] as const) {
      writeFileSync(join(stage.home, file), text);
      const result = await typed(stage, 'start', SERVICE, '--dry-run', '--from', file);
      expect(result).toMatchObject({ code: 0, stderr: '' });
      expect(result.stdout).toContain('args: streamableHttp -> a b c');
      expect(result.stdout).toContain('new.js');
    }
  });
});

describe('a start that cannot be', () => {
  const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['of an unknown service', ['start', 'nobody'], 2, /no service nobody .* it has mcp-everything/],
    [
      'with a bad weight',
      ['start', SERVICE, '--weight', '200%'],
      2,
      /--weight: got "200%", wanted/,
    ],
    [
      'with a bad window',
      ['start', SERVICE, '--window', 'soon'],
      2,
      /--window: got "soon", wanted/,
    ],
    [
      'with steps and a weight',
      ['start', SERVICE, '--steps', '1% for 1s', '--weight', '5%'],
      2,
      /--steps goes without/,
    ],
    ['with an --env without =', ['start', SERVICE, '--env', 'secret'], 2, /--env wants KEY=VALUE/],
    ['with an unknown flag', ['start', SERVICE, '--wieght', '5%'], 2, /Did you mean --weight/],
    [
      'with a script that is not there',
      ['start', SERVICE, '--script', '/no/such.js'],
      1,
      /script \/no\/such\.js cannot be read/,
    ],
    [
      'with an interpreter that is not there',
      ['start', SERVICE, '--interpreter', '/no/python'],
      1,
      /interpreter \/no\/python cannot be found/,
    ],
    [
      'from a file that is not there',
      ['start', SERVICE, '--from', 'no.config.js'],
      2,
      /cannot load .*no\.config\.js/,
    ],
  ];

  it.each(cases)('%s says so', async (_, args, code, message) => {
    const result = await typed(stage, ...args);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
  });

  it('for a taken canary port names who has it', async () => {
    const server = createServer().listen(stage.ports(SERVICE).canary, '127.0.0.1');
    const result = await typed(stage, 'start', SERVICE);
    server.close();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`is taken by process ${process.pid}`);
  });

  it('has begun nothing', async () => {
    expect(await stage.rollout(SERVICE)).toBeNull();
  });
});

describe('the configuration', () => {
  it('that is wrong is shown with every place, and exit code 2', async () => {
    const file = join(stage.home, 'bad.yaml');
    writeFileSync(
      file,
      'services:\n  a:\n    listen: 10\n    stable: 11\n    canary: 11\n    wieght: 10%\n    window: soon\n',
    );
    const result = await stage.canary('validate', '--config', file);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/bad\.yaml:6:5/);
    expect(result.stderr).toContain('weight');
    expect(result.stderr).toMatch(/bad\.yaml:7:13/);
    expect(result.stderr).toContain('^');
  });

  it('that is right is said to be, and the schema is printed', async () => {
    const valid = await typed(stage, 'validate');
    expect(valid).toMatchObject({ code: 0, stderr: '' });
    const schema = await typed(stage, 'schema');
    expect(JSON.parse(schema.stdout)).toMatchObject({ type: 'object' });
  });

  it.each(['orchestrator', 'proxy'])('that is wrong keeps the %s from starting', async (name) => {
    const file = join(stage.home, 'bad-too.yaml');
    writeFileSync(file, 'services:\n  a: {listen: 10, stable: 11, canary: 12, weight: much}\n');
    const script = join(packageRoot(), 'dist', name, 'main.js');
    const env = { ...stage.pm2.env, CANARY_CONFIG: file, CANARY_HOME: join(stage.home, name) };
    const { code, stderr } = await run(script, env);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bad-too\.yaml:2:\d+: services\.a\.weight: got "much", wanted/);
  });
});

describe('a sample notification', () => {
  it('arrives, and a receiver that is not there is named', async () => {
    const sent = await stage.canary('notify', 'test');
    expect(sent).toMatchObject({ code: 0, stdout: 'file  command  has arrived\n' });
    expect(eventsOf(stage, 'sample-1')).toEqual(['test']);
    const unknown = await typed(stage, 'notify', 'test', 'nobody');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('has no receiver nobody: it has file');
  });
});

describe('the state folder', () => {
  it('is for its owner only, and so are the sockets and databases', () => {
    expect(statSync(stage.home).mode & 0o777).toBe(0o700);
    for (const name of ['orchestrator.sock', 'proxy.sock', 'rollouts.db', 'proxy.db']) {
      expect([name, statSync(join(stage.home, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
  });
});

describe('the help', () => {
  it('names every verb and the exit codes', async () => {
    const { code, stdout } = await stage.canary('--help');
    expect(code).toBe(0);
    for (const verb of [
      'start',
      'status',
      'promote',
      'rollback',
      'pause',
      'resume',
      'history',
      'validate',
      'schema',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
    }
    expect(stdout).toContain('4 held for a person');
  });
});

// The last one: after it, nothing stands before main.
describe('taking the proxy away', () => {
  const answers = (port: number) =>
    probe({ host: '127.0.0.1', port }, { kind: 'mcp', path: '/mcp' }, 5_000);

  it('is only shown by a dry run, and not done without a yes', async () => {
    const shown = await stage.canary('uninstall', SERVICE, '--dry-run');
    const { listen, stable } = stage.ports(SERVICE);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toContain(`the variable PORT from ${stable} to ${listen}`);
    expect(shown.stdout).not.toContain('a-secret-of-main');
    const unasked = await stage.canary('uninstall', SERVICE);
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') as string });
    await expectTidy(stage);
  });

  it('puts everything back when main cannot have the port', async () => {
    const { listen, stable } = stage.ports(SERVICE);
    // Main listens on all addresses, the proxy on one.
    const squatter = createServer().listen(listen, '127.0.0.2');
    await once(squatter, 'listening');
    const { code, stderr } = await stage.canary('uninstall', SERVICE, '--yes');
    squatter.close();
    expect(stderr).toContain(`${SERVICE} is on port ${stable} again, behind canary-proxy`);
    expect(code).toBe(1);
    expect(portHolder(stable)).toBe(pidOf(stage, SERVICE));
    expect(await answers(listen)).toMatchObject({ ok: true });
    await expectTidy(stage);
  });

  it('puts everything back when it is interrupted', async () => {
    const { listen, stable } = stage.ports(SERVICE);
    const before = pidOf(stage, SERVICE);
    const cli = join(packageRoot(), 'dist', 'orchestrator', 'cli', 'main.js');
    const child = spawn(process.execPath, [cli, 'uninstall', SERVICE, '--yes'], {
      env: stage.pm2.env,
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (!child.killed && said.includes('PM2 restarts')) child.kill('SIGINT');
    });
    const [code] = (await once(child, 'close')) as [number | null];
    expect(said).toContain('it was interrupted');
    expect(code).toBe(1);
    expect(pidOf(stage, SERVICE)).not.toBe(before);
    expect(portHolder(stable)).toBe(pidOf(stage, SERVICE));
    expect(await answers(listen)).toMatchObject({ ok: true });
    await expectTidy(stage);
  });

  it('has main serve agents itself', async () => {
    const { listen, stable } = stage.ports(SERVICE);
    const { code, stdout } = await stage.canary('uninstall', SERVICE, '--yes');
    expect(stdout).toContain('Left to you');
    expect(code).toBe(0);
    expect(portHolder(listen)).toBe(pidOf(stage, SERVICE));
    expect(portHolder(stable)).toBeNull();
    expect(await answers(listen)).toMatchObject({ ok: true });
    const again = await typed(stage, 'uninstall', SERVICE, '--yes');
    expect(again.stderr).toMatch(/is \d+ already, where agents connect \[port-setting\]/);
    const start = await typed(stage, 'start', SERVICE);
    expect(start.stderr).toContain('[proxy-not-listening]');
  });
});
