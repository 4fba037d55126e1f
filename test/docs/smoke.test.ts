import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadConfigText } from '../../config/load.js';
import type { ServiceConfig } from '../../config/types.js';
import {
  contractLines,
  contractSummary,
  judgeChanges,
} from '../../orchestrator/contract/verdict.js';
import { readSuiteText } from '../../orchestrator/smoke/suite.js';

const doc = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

function example(name: string, kind: string): string {
  const [, text] = new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, 's').exec(doc(name)) ?? [];
  return text ?? expect.fail(`${name} has no example of ${kind}`);
}

function service(name: string): ServiceConfig {
  const loaded = loadConfigText('/etc/canary.yaml', example(name, 'yaml'), {});
  return loaded.ok ? loaded.config.services['mcp-scraper']! : expect.fail(JSON.stringify(loaded));
}

test('the examples of docs/smoke.md are a configuration and a suite', () => {
  expect(service('smoke.md').smoke).toEqual({
    suite: '/etc/smoke/mcp-scraper.yaml',
    timeoutMs: 600_000,
  });
  const reading = readSuiteText('suite.yaml', example('smoke.md', 'yaml suite'));
  const { calls } = reading.ok ? reading.suite : expect.fail(JSON.stringify(reading.problems));
  expect(calls.map(({ name, isSetup }) => [name, isSetup])).toEqual([
    ['tool open-session', true],
    ['finds a page', false],
    ['tool fetch', false],
    ['tool search', false],
    ['resource docs://no-such-page', false],
    ['prompt summarize', false],
  ]);
  expect(calls[1]!.timeoutMs).toBe(10_000);
});

test('the diff of docs/contract.md is what its configuration makes of such differences', () => {
  const { contract } = service('contract.md');
  const verdict = judgeChanges(
    [
      { about: 'tool legacy-search', text: 'is gone', breaking: true },
      { about: 'tool search', text: 'input lang: is required now', breaking: true },
      { about: 'server version', text: 'was 1.4.0, is 1.5.0', breaking: false },
    ],
    contract!,
  );
  const shown = [...contractLines(verdict), `mcp-scraper: ${contractSummary(verdict)}`, ''];
  expect(example('contract.md', 'text')).toBe(shown.join('\n'));
});
