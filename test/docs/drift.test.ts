import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SERVICE_DEFAULTS } from '../../config/defaults.js';
import { loadConfigText } from '../../config/load.js';

const docOf = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const doc = docOf('drift.md');

test('the example of docs/drift.md is a configuration, with the default that it names', () => {
  const example = /```yaml\n([^`]*)```/.exec(doc)?.[1] ?? '';
  const loaded = loadConfigText('canary.yaml', example, {});
  const { drift } = loaded.ok ? loaded.config.services['mcp-scraper']! : expect.fail();
  expect(drift).toBe(SERVICE_DEFAULTS.drift);
  expect(doc).toContain(`| \`${drift}\` (default) |`);
  expect(doc).toContain(
    `\`interval\`, ${SERVICE_DEFAULTS.interval.replace(/s$/, ' s')} by default`,
  );
});

test('the example of docs/side-effects.md is a configuration', () => {
  const example = /```yaml\n([^`]*)```/.exec(docOf('side-effects.md'))?.[1] ?? '';
  const loaded = loadConfigText('canary.yaml', example, {});
  const { canaryEnv } = loaded.ok ? loaded.config.services['mcp-scraper']! : expect.fail();
  expect(canaryEnv).toMatchObject({ SCHEDULER: 'off' });
});
