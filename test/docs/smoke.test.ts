import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../common/clock.js';
import { loadConfigText } from '../../config/load.js';
import type { ServiceConfig } from '../../config/types.js';
import {
  contractLines,
  contractSummary,
  judgeChanges,
} from '../../orchestrator/contract/verdict.js';
import { caseLines } from '../../orchestrator/smoke/report.js';
import { runSuite } from '../../orchestrator/smoke/run.js';
import { readSuiteText } from '../../orchestrator/smoke/suite.js';
import { startSdkServer, type TestServer } from '../orchestrator/smoke/servers.js';

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

test('the suite of docs/smoke.md passes where the tools are what it says, and fails elsewhere', async () => {
  const reading = readSuiteText('suite.yaml', example('smoke.md', 'yaml suite'));
  const suite = reading.ok ? reading.suite : expect.fail(JSON.stringify(reading.problems));
  const clock = { ...systemClock, sleep: () => Promise.resolve() };
  const options = { clock, signal: AbortSignal.timeout(20_000), quotes: true };
  const run = async (hits: string): Promise<string[]> => {
    const server = await startDocumented(hits);
    const report = await runSuite(server.at, { kind: 'mcp', path: '/mcp' }, suite, options);
    await server.close();
    return caseLines(report);
  };
  expect(await run('canary: 3 hits')).toEqual([]);
  expect(await run('canary: no hits')).toEqual([
    expect.stringMatching(/^failed {2}finds a page: wanted text that matches/),
  ]);
});

/** The server that docs/smoke.md has in mind. */
function startDocumented(hits: string): Promise<TestServer> {
  const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] });
  const reads = { readOnlyHint: true };
  return startSdkServer((server) => {
    const user = { inputSchema: z.object({ user: z.string() }) };
    server.registerTool('open-session', user, () => text('open'));
    const query = { inputSchema: z.object({ query: z.string() }), annotations: reads };
    server.registerTool('search', query, () => text(hits));
    const url = { inputSchema: z.object({ url: z.string() }), annotations: reads };
    server.registerTool('fetch', url, () => text('{"status": 200}'));
    const page = { contents: [] };
    server.registerResource('page', 'docs://page', {}, () => page);
    const topic = { argsSchema: z.object({ topic: z.string() }) };
    server.registerPrompt('summarize', topic, ({ topic }) => ({
      messages: [{ role: 'user', content: { type: 'text', text: topic } }],
    }));
  });
}

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
