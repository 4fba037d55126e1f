import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadConfigText } from '../../config/load.js';
import { draftConfig } from '../../orchestrator/init/draft.js';
import { AppView } from '../../orchestrator/pm2/app.js';

const doc = readFileSync(new URL('../../docs/first-contact.md', import.meta.url), 'utf8');

const SCHEMA = '/usr/lib/node_modules/canary-orchestrator/dist/config/canary.schema.json';

test('the example is what canary init writes of such an app, and valid', () => {
  const example = /```yaml\n(.*?)```\n/s.exec(doc)?.[1] ?? '';
  expect(loadConfigText('canary.yaml', example, {})).toMatchObject({ ok: true });
  const pm2_env = {
    pm_exec_path: '/srv/scraper/server.py',
    env: { PORT: '8080' },
    max_memory_restart: 314_572_800,
  };
  const server = {
    name: 'scraper',
    version: '1.4.0',
    protocolVersion: '2025-11-25',
    capabilities: [],
  };
  const drafted = draftConfig(
    {
      services: [
        {
          app: new AppView({ name: 'mcp-scraper', pm_id: 0, pid: 1, pm2_env }),
          at: { host: '0.0.0.0', port: 8080 },
          portFrom: { kind: 'env', name: 'PORT' },
          speech: { kind: 'mcp', path: '/mcp', server, stateless: false },
          otherPorts: [],
        },
      ],
      leftOut: [{ name: 'worker', why: 'it listens on no TCP port' }],
    },
    { taken: [8080], pm2Home: null, schemaFile: SCHEMA },
  );
  expect(example).toBe(drafted);
});

test('every check of canary doctor is in the table', () => {
  const rows = [...doc.matchAll(/^\| (`.*`) \| /gm)].map(([, names]) => names).join();
  const sample = /```\n(ok {7}node[^`]*)```/.exec(doc)![1]!;
  const checks = [...sample.matchAll(/^\w+ +(?:mcp-scraper )?([\w -]+):/gm)].map(
    ([, name]) => name!,
  );
  expect(checks).toHaveLength(15);
  for (const check of checks) expect(rows).toContain(check);
});
