import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SERVICE_DEFAULTS } from '../../config/defaults.js';
import { loadConfigText } from '../../config/load.js';

const doc = readFileSync(new URL('../../docs/drift.md', import.meta.url), 'utf8');

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
