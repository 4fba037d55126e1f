import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../../orchestrator/cli/program.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'replay-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function replay(...args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const io = { env: {}, cwd: dir, color: false };
  const code = await runCli(['replay', ...args], {
    ...io,
    out: (text) => out.push(text),
    err: (text) => err.push(text),
  });
  return { code, out, err };
}

const ROLLOUT = { type: 'rollout', service: 's', startedAtMs: 0, windowMs: 60_000, weight: 0.5 };
const EXIT = { type: 'exit', atMs: 9_000, track: 'canary', code: 1 };
const rss = { type: 'process', track: 'canary', restarts: 0, sessionsOpened: 0, calls: 0 };

function record(name: string, ...lines: readonly (object | string)[]): string {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  writeFileSync(join(dir, name), `${text.join('\n')}\n`);
  return name;
}

describe('canary replay', () => {
  it('says what was decided, when and why', async () => {
    const { code, out, err } = await replay(record('bad.jsonl', ROLLOUT, EXIT));
    expect(out[0]).toMatch(/^bad\.jsonl: fail after 10s \(crashes\)\n/);
    expect(out[0]).toMatch(/\n {2}fail {9}crashes: the canary process ended/);
    expect({ code, err }).toEqual({ code: 3, err: [] });
  });

  it('prints one line of JSON a recording', async () => {
    const { out } = await replay(record('bad.jsonl', ROLLOUT, EXIT), '--json');
    expect(out).toHaveLength(1);
    const line = JSON.parse(out[0]!) as Record<string, unknown>;
    expect(Object.keys(line)).toEqual([
      'file',
      'verdict',
      'decidedAtMs',
      'check',
      'reason',
      'checks',
    ]);
    expect(line).toMatchObject({ verdict: 'fail', decidedAtMs: 10_000, check: 'crashes' });
    expect(line['file']).toBe('bad.jsonl');
  });

  it('takes a folder, and ends with the worst that it found', async () => {
    mkdirSync(join(dir, 'all'));
    record('all/a.jsonl', ROLLOUT);
    record('all/b.ndjson', ROLLOUT);
    record('all/notes.md', 'not a recording');
    expect(await replay('all')).toMatchObject({ code: 4, err: [] });
    record('all/c.json', ROLLOUT, EXIT);
    const { code, out } = await replay('all');
    expect(code).toBe(3);
    expect(out.at(-1)).toBe('0 pass, 1 fail, 2 inconclusive, 0 bad');
    const json = await replay('all', '--json');
    expect(json.out.map((line) => (JSON.parse(line) as { file: string }).file)).toEqual([
      'all/a.jsonl',
      'all/b.ndjson',
      'all/c.json',
    ]);
  });

  it('judges by the policy of a service, by default of the one that the recording names', async () => {
    const services = [
      's: {listen: 1, stable: 2, canary: 3, limits: {memory: 100MB}}',
      'lax: {listen: 4, stable: 5, canary: 6}',
    ];
    record('canary.yaml', `services: {${services.join(', ')}}`);
    const samples = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((i) => {
      return { ...rss, atMs: 5_000 * i, uptimeMs: 5_000 * i, rssBytes: 2e8 };
    });
    const file = record('big.jsonl', ROLLOUT, ...samples);
    const strict = await replay(file, '--config', 'canary.yaml', '--json');
    expect(JSON.parse(strict.out[0]!)).toMatchObject({ verdict: 'fail', check: 'memory' });
    expect((await replay(file, '--config', 'canary.yaml', '--service', 'lax')).code).toBe(4);
    expect((await replay(file)).code).toBe(4);
  });
});

describe('bad input', () => {
  it.each([
    ['a line that is none', [ROLLOUT, EXIT, '{'], 'x.jsonl:3: not a JSON object'],
    [
      'a wrong value',
      [ROLLOUT, { ...EXIT, track: 'main' }],
      'x.jsonl:2: track: got "main", wanted',
    ],
    ['no rollout', [EXIT], 'x.jsonl:1: type: got "exit", wanted "rollout" in the first line'],
    ['two rollouts', [ROLLOUT, ROLLOUT], 'x.jsonl:2: a second rollout'],
    ['nothing', [], 'x.jsonl:1: nothing, wanted a rollout line'],
  ])('with %s is told by its place, with exit code 2', async (_, lines, message) => {
    const { code, out, err } = await replay(record('x.jsonl', ...lines), '--json');
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(err.join('\n')).toContain(message);
  });

  it('is told in part when there is much of it, and the other files are judged', async () => {
    mkdirSync(join(dir, 'all'));
    record('all/a.jsonl', ROLLOUT, ...Array.from({ length: 50 }, () => 'x'));
    record('all/b.jsonl', ROLLOUT, EXIT);
    const { code, out, err } = await replay('all', '--json');
    expect(err).toHaveLength(10);
    expect(out).toHaveLength(1);
    expect(code).toBe(2);
  });

  it('of lines without end is refused in bounded memory', async () => {
    const { err } = await replay(record('x.jsonl', 'x'.repeat(5 << 20)));
    expect(err[0]).toContain('x.jsonl:1: not a JSON object');
  });

  it.each([
    [['no.jsonl'], 'no.jsonl cannot be read'],
    [['.'], '. has no .jsonl, .ndjson or .json file'],
    [['.', '--service', 's'], '--service goes with --config'],
    [['.', '--config', 'no.yaml'], 'no such file'],
  ])('%j is refused: %s', async (args, message) => {
    const { code, err } = await replay(...args);
    expect(err.join('\n')).toContain(message);
    expect(code).toBe(2);
  });

  it('of a service that the configuration has not', async () => {
    record('canary.yaml', 'services: {other: {listen: 1, stable: 2, canary: 3}}');
    const { code, err } = await replay(record('x.jsonl', ROLLOUT), '--config', 'canary.yaml');
    expect(err.join('\n')).toMatch(/there is no service s in .*canary\.yaml: it has other/);
    expect(code).toBe(2);
  });
});
