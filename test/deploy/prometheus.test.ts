import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfigText } from '../../config/load.js';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');

interface Alert {
  readonly alert: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const rules = parse(read('deploy/prometheus/alerts.yml')) as {
  groups: readonly { rules: readonly Alert[] }[];
};
const alerts = rules.groups.flatMap((group) => group.rules);

function promtool(...args: readonly string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args);
  return { status, text: `${String(stdout)}${String(stderr)}` };
}

const installed = spawnSync('promtool', ['--version']).status === 0;

describe.runIf(installed)('promtool', () => {
  it('accepts the scrape configuration and its rules', () => {
    const { status, text } = promtool('check', 'config', path('deploy/prometheus/prometheus.yml'));
    expect(text).toContain(`${alerts.length} rules found`);
    expect(status, text).toBe(0);
  });

  it('finds that each rule does what it is for', () => {
    const { status, text } = promtool('test', 'rules', path('test/deploy/rules.test.yml'));
    expect(status, text).toBe(0);
  });
});

describe('alerts', () => {
  it('have a test each, of when they fire and when they do not', () => {
    const { tests } = parse(read('test/deploy/rules.test.yml')) as {
      tests: { name: string; alert_rule_test?: { exp_alerts: unknown[] }[] }[];
    };
    for (const { alert } of alerts) {
      const cases = tests.find(({ name }) => name === alert)?.alert_rule_test ?? [];
      const fires = cases.map((each) => each.exp_alerts.length > 0);
      expect(fires, alert).toEqual(expect.arrayContaining([true, false]));
    }
  });

  it('have a section of the runbook each, and it tells what to do', () => {
    const sections = read('docs/runbook.md').split(/^### /m).slice(1);
    const names = sections.map((section) => section.split('\n')[0]);
    expect([...names].sort()).toEqual(alerts.map(({ alert }) => alert).sort());
    for (const section of sections) {
      expect(section).toMatch(/\*\*Means:\*\*[^]*\*\*Look at:\*\*[^]*\*\*Do:\*\*/);
    }
    for (const { alert, annotations } of alerts) {
      expect(annotations['runbook_url']).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    }
  });
});

it('the scrape configuration names the ports that are the default', () => {
  const text = 'services: {svc: {listen: 8080, stable: 8081, canary: 8082}}';
  const loaded = loadConfigText('canary.yaml', text, {});
  const { orchestrator, proxy } = loaded.ok ? loaded.config : expect.fail();
  const written = read('deploy/prometheus/prometheus.yml');
  for (const [job, { host, port }] of [
    ['canary-orchestrator', orchestrator.listen],
    ['canary-proxy', proxy.metrics],
  ] as const) {
    expect(written).toMatch(new RegExp(`job_name: ${job}\\n.*\\n.*'${host}:${port}'`));
  }
});
