import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SERVICE_DEFAULTS } from '../../config/defaults.js';
import { loadConfigText } from '../../config/load.js';

const doc = readFileSync(new URL('../../docs/steps.md', import.meta.url), 'utf8');
const [short = '', long = '', overrides = ''] = [
  ...doc.matchAll(/```yaml(?: fragment)?\n([^`]*)```/g),
].map(([, text]) => text!);

function stepsOf(text: string): unknown {
  const loaded = loadConfigText('canary.yaml', text, {});
  return loaded.ok ? loaded.config.services['mcp-scraper']!.steps : loaded.problems;
}

test('both forms of docs/steps.md are the same steps', () => {
  const { steps } = /^ {4}steps: (?<steps>.*)\n/m.exec(short)!.groups!;
  const inLongForm = short.replace(`    steps: ${steps!}\n`, long);
  expect(inLongForm).not.toBe(short);
  expect(stepsOf(inLongForm)).toEqual(stepsOf(short));
  expect(stepsOf(short)).toMatchObject([{ gate: 'auto' }, { gate: 'manual' }, { gate: 'auto' }]);
});

test('the default that docs/steps.md names is the default', () => {
  expect(doc).toContain(`| \`${SERVICE_DEFAULTS.onDeadline}\` (default) |`);
});

test('the overrides of docs/steps.md are a configuration, and off by default', () => {
  const loaded = loadConfigText('canary.yaml', overrides, {});
  const service = loaded.ok ? loaded.config.services['mcp-scraper']! : expect.fail();
  expect(service.overrides).toEqual({
    header: 'x-canary',
    always: [
      { kind: 'client', name: 'canary-tester' },
      { kind: 'address', address: '10.9.8.7', bits: 32 },
    ],
    never: [{ kind: 'address', address: '10.20.0.0', bits: 16 }],
  });
  expect(SERVICE_DEFAULTS.overrides).toEqual({ header: null, always: [], never: [] });
});
