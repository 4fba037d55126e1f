import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GROUP_DEFAULTS, SCHEDULE_DEFAULTS } from '../../config/defaults.js';
import { loadConfigText } from '../../config/load.js';

const doc = readFileSync(new URL('../../docs/schedules.md', import.meta.url), 'utf8');

test('the example is a configuration without a warning, and means what is said of it', () => {
  const example = /```yaml\n([^`]*)```/.exec(doc)?.[1] ?? '';
  const loaded = loadConfigText('canary.yaml', example, {});
  expect(loaded).toMatchObject({ ok: true, warnings: [] });
  const [nightly] = loaded.ok ? loaded.config.schedules : [];
  expect(nightly).toMatchObject({
    target: 'group servers',
    services: ['mcp-scraper', 'mcp-search', 'mcp-mail'],
    onWindowEnd: 'pause',
    catchUpMs: 600_000,
    releases: { 'mcp-scraper': { cwd: '/srv/scraper/1.4.0' } },
  });
  expect(nightly?.windows.map(({ text }) => text)).toEqual(['Mon-Fri 22:00-22:20']);
  expect(nightly?.freezes.map(({ kind }) => kind)).toEqual(['dates', 'dates', 'weekly']);
});

test('every key is described, with its default', () => {
  const tables = { ...GROUP_DEFAULTS, ...SCHEDULE_DEFAULTS };
  for (const [key, value] of Object.entries<unknown>(tables)) {
    const isCompound = value === null || typeof value === 'object';
    const shown = isCompound ? '' : ` (${JSON.stringify(value)})`.replaceAll('"', '');
    expect(doc).toContain(`- \`${key}\`${shown}:`);
  }
});
