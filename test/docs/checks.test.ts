import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHECK_DEFAULTS } from '../../config/defaults.js';
import { loadConfigText } from '../../config/load.js';
import { parseLine } from '../../orchestrator/judge/line.js';

const doc = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test('the example of docs/checks.md is a configuration, and means what is said of it', () => {
  const example = /```yaml\n([^`]*)```/.exec(doc('checks.md'))?.[1] ?? '';
  const loaded = loadConfigText('canary.yaml', example, {});
  expect(loaded).toMatchObject({ ok: true });
  const { checks, judge } = loaded.ok ? loaded.config.services['mcp-scraper']! : expect.fail();
  expect(checks.map(({ name, source }) => [name, source.kind])).toEqual([
    ['slow-calls', 'promql'],
    ['health', 'http'],
    ['database', 'command'],
  ]);
  expect(checks[0]!.source).toMatchObject({ prometheus: CHECK_DEFAULTS.prometheus });
  expect(JSON.stringify(checks)).not.toContain('{{');
  expect(judge.logs.errorPatterns).toHaveLength(2);
});

test('the defaults of a check are those that docs/checks.md names', () => {
  const { every, timeout, failures } = CHECK_DEFAULTS;
  const sentence = `\`every\` (${every}), \`timeout\` (${timeout}) and \`failures\` (${failures})`;
  expect(doc('checks.md')).toContain(sentence);
});

test('docs/replay.md names each type of line with its fields', () => {
  const rows = [...doc('replay.md').matchAll(/^\| `(\w+)` \| (.*) \|$/gm)];
  expect(rows).toHaveLength(7);
  for (const [, type, fields] of rows) {
    const known = new Set([...fields!.matchAll(/`(\w+)`/g)].map(([, field]) => field));
    // A line with nothing but its type is refused by the name of its first field.
    const parsed = parseLine(JSON.stringify({ type }));
    const first = parsed.ok ? '' : parsed.problem.split(' ')[0];
    expect([...known], type).toContain(first);
  }
});
