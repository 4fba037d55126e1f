import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GROUP_DEFAULTS, SCHEDULE_DEFAULTS } from '../../config/defaults.js';
import { loadConfigText } from '../../config/load.js';
import type { CanaryConfig } from '../../config/types.js';
import { World } from '../orchestrator/schedule/world.js';

const doc = readFileSync(new URL('../../docs/schedules.md', import.meta.url), 'utf8');

function example(): CanaryConfig {
  const text = /```yaml\n([^`]*)```/.exec(doc)?.[1] ?? '';
  const loaded = loadConfigText('canary.yaml', text, {});
  expect(loaded).toMatchObject({ ok: true, warnings: [] });
  return loaded.ok ? loaded.config : expect.fail();
}

test('the example is a configuration without a warning, and means what is said of it', () => {
  const [nightly] = example().schedules;
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

test('the example upgrades its three servers in a night of its own, and none in a freeze', async () => {
  const config = example();
  const { steps, bakeMs } = config.services['mcp-scraper']!;
  const world = new World(config, '2026-11-23T20:59:00Z', { steps, bakeMs });
  await world.clock.to('2026-11-23T21:20:00Z');
  expect(world.states()).toEqual([
    'mcp-scraper promoted',
    'mcp-search promoted',
    'mcp-mail promoted',
  ]);
  world.clock.set('2026-11-27T20:59:00Z');
  await world.clock.to('2026-11-27T21:02:00Z');
  const history = world.scheduler.history('nightly', 1);
  await world.dispose();
  expect(history).toMatchObject({
    value: { entries: [{ outcome: 'held', reason: 'frozen (Fri 12:00-24:00)' }] },
  });
});

test('every key is described, with its default', () => {
  const tables = { ...GROUP_DEFAULTS, ...SCHEDULE_DEFAULTS };
  for (const [key, value] of Object.entries<unknown>(tables)) {
    const isCompound = value === null || typeof value === 'object';
    const shown = isCompound ? '' : ` (${JSON.stringify(value)})`.replaceAll('"', '');
    expect(doc).toContain(`- \`${key}\`${shown}:`);
  }
});
