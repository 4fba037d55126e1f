/** `canary smoke`, `canary smoke record` and `canary diff` as they are typed, against servers in this process. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../../../orchestrator/cli/program.js';
import { freePort } from '../../../support/ports.js';
import { startSdkServer, type TestServer } from '../../smoke/servers.js';

let dir: string;
let main: TestServer;
let canary: TestServer;
let nobody: number;
let listens: readonly number[];

/** A server with tools that only read, and one that writes. */
function serverWith(...readers: readonly string[]): Promise<TestServer> {
  return startSdkServer((server) => {
    for (const name of [...readers, 'write']) {
      const annotations = { readOnlyHint: name !== 'write' };
      server.registerTool(name, { annotations }, () => ({
        content: [{ type: 'text', text: `${name} has answered` }],
      }));
    }
  });
}

beforeAll(async () => {
  [main, canary] = await Promise.all([serverWith('search', 'fetch'), serverWith('search')]);
  nobody = await freePort();
  listens = [await freePort(), await freePort(), await freePort()];
});

afterAll(() => Promise.all([main.close(), canary.close()]));

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'canary-smoke-'));
  const [listen, other, third] = listens;
  const ports = `listen: ${listen}, stable: ${main.at.port}, canary: ${canary.at.port}`;
  writeFileSync(
    join(dir, 'canary.yaml'),
    `services:
  tools: {${ports}, smoke: suite.yaml}
  bare: {listen: ${other}, stable: ${nobody}, canary: ${third}}
`,
  );
  return () => rmSync(dir, { recursive: true, force: true });
});

interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function type(...args: readonly string[]): Promise<Printed> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env: { CANARY_HOME: join(dir, 'home') },
    cwd: dir,
    color: false,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('a first suite', () => {
  it('is recorded from main, passes there, and is never written over', async () => {
    const recorded = await type('smoke', 'record', 'tools', '-o', 'suite.yaml');
    expect(recorded).toEqual({
      code: 0,
      out: '2 calls written to suite.yaml, 1 tools left out',
      err: '',
    });
    const passed = await type('smoke', 'tools');
    expect(passed).toMatchObject({ code: 0, err: '' });
    expect(passed.out).toMatch(
      new RegExp(`^tools on port ${main.at.port}: 4 of 4 cases passed in \\S+$`),
    );
    writeFileSync(join(dir, 'suite.yaml'), '# mine\n');
    expect(await type('smoke', 'record', 'tools', '-o', 'suite.yaml')).toMatchObject({
      code: 2,
      err: `${join(dir, 'suite.yaml')} is there already: name another, or put it aside`,
    });
    expect(readFileSync(join(dir, 'suite.yaml'), 'utf8')).toBe('# mine\n');
  });

  it('is printed where no file is named, of another port too', async () => {
    const { code, out } = await type('smoke', 'record', 'tools', '--port', `${canary.at.port}`);
    expect(code).toBe(0);
    expect(out).toContain('- tool: search');
    expect(out).not.toContain('- tool: fetch');
    expect(out).toContain('# write: it is not annotated read-only');
  });

  it('is not recorded from a port where nobody answers', async () => {
    const { code, err } = await type('smoke', 'record', 'bare', '-o', 'suite.yaml');
    expect({ code, isThere: existsSync(join(dir, 'suite.yaml')) }).toEqual({
      code: 1,
      isThere: false,
    });
    expect(err).toMatch(/^nothing recorded: .*ECONNREFUSED/);
  });
});

describe('a suite', () => {
  const SUITE = 'calls:\n  - tool: search\n  - { tool: fetch, expect: { contains: answered } }\n';

  beforeEach(() => writeFileSync(join(dir, 'suite.yaml'), SUITE));

  it.each([
    ['--track', () => 'canary'],
    ['--port', () => String(canary.at.port)],
  ])('runs against another instance by %s', async (flag, value) => {
    const { code, out } = await type('smoke', 'tools', flag, value());
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      'failed  tool fetch: wanted the tool fetch, got a list of tools without it',
      expect.stringMatching(`^tools on port ${canary.at.port}: 3 of 4 cases passed in `),
    ]);
  });

  it('is reported to build servers and programs', async () => {
    const flags = ['--track', 'canary', '--junit', 'smoke.xml', '--json'];
    const { code, out } = await type('smoke', 'tools', ...flags);
    expect(code).toBe(1);
    const { cases } = JSON.parse(out) as { cases: { name: string; outcome: string }[] };
    expect(cases.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'handshake passed',
      'tools/list passed',
      'tool search passed',
      'tool fetch failed',
    ]);
    const xml = readFileSync(join(dir, 'smoke.xml'), 'utf8');
    expect(xml).toContain('<testsuite name="tools" tests="4" failures="1" skipped="0" errors="0"');
    expect(xml).toContain('<failure message="wanted the tool fetch, got a list');
  });

  it('fails as a whole where nobody answers', async () => {
    const { code, out } = await type('smoke', 'tools', '--port', String(nobody));
    expect(code).toBe(1);
    expect(out).toMatch(/^failed {2}handshake: .*ECONNREFUSED/);
    expect(out).toContain('skipped tool search');
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      'a wrong file',
      ['--suite', 'wrong.yaml'],
      /wrong\.yaml:3:13: calls\[1\]\.tool: got 7, wanted/,
    ],
    ['no such file', ['--suite', 'none.yaml'], /none\.yaml: no such file/],
    ['no such port', ['--port', '0'], /--port.* wanted a port from 1 to 65535/],
    ['no such track', ['--track', 'main'], /--track.* wanted stable or canary/],
    ['two instances', ['--port', '9', '--track', 'canary'], /--port goes without --track/],
    [
      'a report nowhere',
      ['--junit', 'no/such/smoke.xml'],
      /smoke\.xml cannot be written \(ENOENT\)/,
    ],
  ])('with %s is a mistake of usage', async (_, flags, message) => {
    writeFileSync(join(dir, 'wrong.yaml'), 'calls:\n  - tool: a\n  - { tool: 7 }\n');
    const { code, out, err } = await type('smoke', 'tools', ...flags);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
  });

  it('that a service does not have is asked for', async () => {
    const { code, err } = await type('smoke', 'bare');
    expect(code).toBe(2);
    expect(err).toBe(
      'bare has no smoke suite: name one with --suite; `canary smoke record bare` writes a first one',
    );
    expect((await type('smoke', 'tool')).err).toMatch(/no service tool in .*: it has tools, bare/);
  });
});

describe('canary diff', () => {
  it('shows what the canary breaks, and ends with 1', async () => {
    expect(await type('diff', 'tools')).toEqual({
      code: 1,
      out: '! tool fetch is gone\ntools: 1 breaking difference',
      err: '',
    });
    const { out } = await type('diff', 'tools', '--json');
    expect(JSON.parse(out)).toMatchObject({ refused: 1, changes: [{ about: 'tool fetch' }] });
  });

  it('ends with 0 where nothing differs', async () => {
    const same = await type('diff', 'tools', '--port', String(main.at.port));
    expect(same).toMatchObject({ code: 0, out: "tools: the same as main's" });
  });

  it('says which instance does not answer', async () => {
    const { code, err } = await type('diff', 'tools', '--port', String(nobody));
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^the canary on port ${nobody}: .*ECONNREFUSED`));
    expect((await type('diff', 'bare')).err).toMatch(new RegExp(`^main on port ${nobody}: `));
  });
});
