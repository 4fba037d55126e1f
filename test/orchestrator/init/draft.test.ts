import { describe, expect, test } from 'vitest';
import { loadConfigText } from '../../../config/load.js';
import { draftConfig } from '../../../orchestrator/init/draft.js';
import type { FoundService } from '../../../orchestrator/init/survey.js';
import { AppView } from '../../../orchestrator/pm2/app.js';

const server = { name: 's', version: '1.0.0', protocolVersion: '2025-11-25', capabilities: [] };

function found(name: string, more: Partial<FoundService> = {}, settings = {}): FoundService {
  const pm2_env = { pm_exec_path: '/srv/x.js', env: { TOKEN: 's3cret' }, ...settings };
  return {
    app: new AppView({ name, pm_id: 1, pid: 2, pm2_env }),
    at: { host: '127.0.0.1', port: 8080 },
    portFrom: { kind: 'env', name: 'PORT' },
    speech: { kind: 'mcp', path: '/mcp', server, stateless: false },
    otherPorts: [],
    ...more,
  };
}

function draft(services: readonly FoundService[], taken: readonly number[] = [8080]) {
  const text = draftConfig(
    { services, leftOut: [] },
    { taken, pm2Home: null, schemaFile: '/x.json' },
  )!;
  const loaded = loadConfigText('canary.yaml', text, { HOME: '/home/op' });
  return { text, config: loaded.ok ? loaded.config : expect.fail(JSON.stringify(loaded)) };
}

test('main stays where it is, and what is new gets the next free ports', () => {
  const { text, config } = draft([found('a')], [8080, 8081, 8083]);
  const at = (port: number) => ({ host: '127.0.0.1', port });
  expect(config.services['a']).toMatchObject({
    listen: at(8082),
    stable: at(8080),
    canary: at(8084),
    portFrom: { kind: 'env', name: 'PORT' },
    probe: { kind: 'mcp', path: '/mcp' },
  });
  expect(text).toContain("To keep the agents' URL: listen: 8080, stable: 8082");
  expect(text).toContain('restart a with PORT 8082');
});

test('an app that everybody can reach goes on being reached by everybody', () => {
  for (const host of ['0.0.0.0', '::']) {
    const { config } = draft([found('a', { at: { host, port: 8080 } })]);
    const { listen, stable, canary } = config.services['a']!;
    expect([listen.host, stable.host, canary.host]).toEqual([host, '127.0.0.1', '127.0.0.1']);
  }
  const { config } = draft([found('a', { at: { host: '::1', port: 8080 } })]);
  expect(config.services['a']!.canary.host).toBe('::1');
});

describe('what the port speaks', () => {
  test.each<[string, FoundService['speech'], object, string]>([
    [
      'HTTP+SSE',
      { kind: 'sse', path: '/sse', server },
      { probe: { kind: 'sse', path: '/sse' } },
      'MCP over HTTP+SSE at /sse (s 1.0.0',
    ],
    [
      'MCP without sessions',
      { kind: 'mcp', path: '/mcp', server, stateless: true },
      { probe: { kind: 'mcp', path: '/mcp' } },
      'at /mcp, without sessions',
    ],
    [
      'plain HTTP',
      { kind: 'http', path: '/health' },
      { probe: { kind: 'http', path: '/health' }, mcpPaths: [], ssePaths: [] },
      'GET /health answers',
    ],
    ['unknown HTTP', { kind: 'http', path: null }, { probe: { kind: 'tcp' } }, 'DECIDE mcpPaths'],
  ])('%s', (_, speech, settings, words) => {
    const { text, config } = draft([found('a', { speech })]);
    expect(config.services['a']).toMatchObject(settings);
    expect(text).toContain(words);
  });
});

test('what a person must decide is said, and limits and cron_restart are', () => {
  const settings = { max_memory_restart: 314_572_800, cron_restart: '0 4 * * *' };
  const { text } = draft([found('a', { portFrom: null, otherPorts: [9100] }, settings)]);
  expect(text).toContain('DECIDE portFrom');
  expect(text).toContain('and on 9100');
  expect(text).toContain("max_memory_restart of 315 MB is the judge's limit too");
  expect(text).toContain('has a cron_restart');
  expect(text).not.toContain('s3cret');
});

test('any names make a valid file', () => {
  const names = ['my app', 'my-app', '???', 'a: c #', '-x', 'true', 'ü'.repeat(100), '{{x}}'];
  const { config } = draft(
    names.map((name, index) => found(name, { at: { host: '127.0.0.1', port: 9000 + 10 * index } })),
  );
  expect(Object.values(config.services).map(({ app }) => app)).toEqual(names);
});

test('a canary’s name is one that no other app has', () => {
  const apps = [found('a'), found('a-canary', { at: { host: '127.0.0.1', port: 9000 } })];
  const { services } = draft(apps).config;
  expect(services['a']!.canaryApp).toBe('a-canary-2');
  expect(services['a-canary']!.canaryApp).toBe('a-canary-canary');
});

test('the program’s own ports give way to another installation’s', () => {
  const { config } = draft([found('a')], [8080, 9765]);
  expect(config.services['a']!.listen.port).toBe(8081);
  expect([config.orchestrator.listen.port, config.proxy.metrics.port]).toEqual([8083, 8084]);
  const near = draft([found('a', { at: { host: '127.0.0.1', port: 9764 } })], [9764]);
  expect(near.config.services['a']!.listen.port).toBe(9767);
});

test('what was left out is said with its reason, and nothing at all is no file', () => {
  const leftOut = [{ name: 'worker\n', why: 'it listens on no TCP port' }];
  const options = { taken: [], pm2Home: '/srv/pm2', schemaFile: '/x.json' };
  const text = draftConfig({ services: [found('a')], leftOut }, options);
  expect(text).toContain('#   worker?: it listens on no TCP port');
  expect(text).toContain('pm2Home: /srv/pm2');
  expect(draftConfig({ services: [], leftOut }, options)).toBeNull();
});
