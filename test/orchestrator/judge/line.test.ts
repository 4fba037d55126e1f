import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../orchestrator/judge/line.js';

const LINES: readonly object[] = [
  {
    type: 'rollout',
    service: 's',
    startedAtMs: 0,
    windowMs: 7_200_000,
    weight: 0.1,
    rssLimitBytes: 380_000_000,
  },
  { type: 'rollout', service: 's', startedAtMs: 1e12, windowMs: 1, weight: 1, rssLimitBytes: null },
  { type: 'weight', atMs: 5, weight: 0.25 },
  {
    type: 'call',
    atMs: 1200,
    track: 'stable',
    session: 'a1',
    tool: 'scrape',
    outcome: 'ok',
    latencyMs: 31.5,
  },
  {
    type: 'process',
    atMs: 5000,
    track: 'canary',
    rssBytes: 181_000_000,
    restarts: 0,
    uptimeMs: 5000,
    sessionsOpened: 12,
    calls: 240,
  },
  { type: 'exit', atMs: 9000, track: 'baseline', code: 1 },
  { type: 'exit', atMs: 9000, track: 'canary', code: null, cause: 'max_memory_restart' },
  { type: 'log', atMs: 1, track: 'canary', errorLines: 3 },
  { type: 'check', atMs: 1, name: 'q', ok: null, value: null, error: 'no answer' },
];

describe('a line', () => {
  it.each(LINES.map((line) => [JSON.stringify(line), line]))('%s is its event', (text, event) => {
    expect(parseLine(text)).toEqual({ ok: true, event });
  });

  it.each(LINES.flatMap((line) => Object.keys(line).map((key) => [key, line] as const)))(
    'without or with a wrong %s is refused by its name: %j',
    (key, line) => {
      const optional = ['rssLimitBytes', 'cause'].includes(key);
      const without = parseLine(JSON.stringify({ ...line, [key]: undefined }));
      expect(without.ok).toBe(optional);
      if (!without.ok) expect(without.problem).toMatch(new RegExp(`^${key} is missing, wanted `));
      const wrong = parseLine(JSON.stringify({ ...line, [key]: ['x'] }));
      expect(wrong).toMatchObject({ ok: false });
      if (!wrong.ok) expect(wrong.problem).toMatch(new RegExp(`^${key}: got \\["x"\\], wanted `));
    },
  );

  it.each([
    ['{', 'not a JSON object'],
    ['[]', 'type is missing, wanted one of rollout, weight, call, process, exit, log, check'],
    ['null', 'not a JSON object'],
    ['{"type":"toString"}', 'type: got "toString", wanted one of'],
    ['{"type":"weight","atMs":1,"weight":1.5}', 'weight: got 1.5, wanted a number from 0 to 1'],
    [
      '{"type":"exit","atMs":"2026","track":"canary","code":1}',
      'atMs: got "2026", wanted a number',
    ],
    [`{"type":"weight","atMs":"${'x'.repeat(99)}"}`, `atMs: got "${'x'.repeat(39)}..., wanted`],
  ])('%s is refused: %s', (text, problem) => {
    const parsed = parseLine(text);
    expect(parsed.ok ? '' : parsed.problem).toContain(problem);
  });
});
