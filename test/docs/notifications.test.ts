import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NOTIFY_DEFAULTS } from '../../config/defaults.js';
import { loadConfigText } from '../../config/load.js';
import { NOTIFY_EVENTS } from '../../config/notify.js';
import { MAX_ATTEMPTS } from '../../orchestrator/notify/delivery.js';
import { notificationFor } from '../../orchestrator/notify/notification.js';
import { Simulation } from '../orchestrator/rollout/simulation.js';

const doc = readFileSync(new URL('../../docs/notifications.md', import.meta.url), 'utf8');

test('the example is a configuration', () => {
  const loaded = loadConfigText('canary.yaml', /```yaml\n([^`]*)```/.exec(doc)![1]!, {});
  const { notify } = loaded.ok ? loaded.config : expect.fail(JSON.stringify(loaded));
  expect(notify.map(({ name, target }) => [name, target.kind])).toEqual([
    ['ops', 'webhook'],
    ['team', 'slack'],
    ['pager', 'command'],
  ]);
});

test('every event is in the table, and the numbers are the program’s', () => {
  const rows = [...doc.matchAll(/^\| `([a-z-]+)` \| /gm)].map(([, event]) => event);
  expect(rows).toEqual(expect.arrayContaining([...NOTIFY_EVENTS]));
  expect(doc).toContain(`of one attempt, ${NOTIFY_DEFAULTS.timeout} by default`);
  expect(doc).toContain(`after ${MAX_ATTEMPTS} attempts`);
});

test('the JSON is what the program sends', () => {
  const shown = JSON.parse(/```json\n([^`]*)```/.exec(doc)![1]!) as Record<string, unknown>;
  const { rollout } = new Simulation();
  const phase = {
    kind: 'held',
    why: 'inconclusive',
    step: 1,
    remainingMs: 0,
    deadlineMs: null,
  } as const;
  const steps = Array.from({ length: 3 }, () => ({
    weight: 0.1,
    windowMs: 1,
    gate: 'auto' as const,
  }));
  const sent = notificationFor(
    {
      rollout: {
        ...rollout,
        id: 'mcp-scraper-12',
        service: 'mcp-scraper',
        phase,
        config: { ...rollout.config, steps },
      },
      from: { kind: 'observing', step: 1, endsAtMs: 0 },
      reason: 'inconclusive: 3 calls, at least 50 are wanted',
      atMs: Date.parse('2026-03-01T02:30:00Z'),
    },
    { id: shown['id'] as string, host: 'web-1' },
  );
  expect(sent).toEqual(shown);
});
