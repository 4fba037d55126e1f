import { describe, expect, it } from 'vitest';
import type { ServiceState } from '../../../common/protocol.js';
import { loadConfigText } from '../../../config/load.js';
import type { ServiceConfig } from '../../../config/types.js';
import type { AppSpec } from '../../../orchestrator/pm2/spec.js';
import type { App } from '../../../orchestrator/process-manager.js';
import {
  leftToDo,
  planText,
  planUninstall,
  type UninstallFacts,
} from '../../../orchestrator/uninstall/plan.js';

function serviceWith(...settings: readonly string[]): ServiceConfig {
  const lines = ['listen: 8080', 'stable: 8081', 'canary: 8082', 'app: search', ...settings];
  const text = `services:\n  mcp-search:\n${lines.map((line) => `    ${line}\n`).join('')}`;
  const loaded = loadConfigText('canary.yaml', text, {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config.services['mcp-search']!;
}

const SPEC: AppSpec = {
  script: '/srv/server.js',
  cwd: '/srv',
  interpreter: 'node',
  interpreterArgs: [],
  args: ['--port', '8081', '-v'],
  env: { PORT: '8081', API_TOKEN: 'a-secret' },
};

function mainWith(change: Partial<App> = {}): App {
  return { name: 'search', pid: 42, status: 'online', spec: SPEC, ...change } as App;
}

function factsWith(change: Partial<UninstallFacts> = {}): UninstallFacts {
  const service = change.service ?? serviceWith();
  return {
    service,
    underWay: null,
    mains: [mainWith()],
    owner: { kind: 'tree', pid: 42 },
    proxy: proxyWith({ listen: service.listen }),
    ...change,
  };
}

function proxyWith({ listen }: Pick<ServiceState, 'listen'>): UninstallFacts['proxy'] {
  const stable = { host: '127.0.0.1', port: 8081, weight: 1, drain: false };
  const state = { listen, route: { tracks: { stable } } } as ServiceState;
  const services = { 'mcp-search': state };
  return { kind: 'ok', value: { pid: 1, epoch: 'e', startedAtMs: 0, services } };
}

function planned(facts: UninstallFacts) {
  const result = planUninstall(facts);
  if (!result.ok) throw new Error(result.reasons.join('\n'));
  return result.plan;
}

describe('the plan', () => {
  it("gives main the agents' port in its environment, and changes nothing else", () => {
    const { before, after } = planned(factsWith());
    expect(before).toBe(SPEC);
    expect(after).toEqual({ ...SPEC, env: { ...SPEC.env, PORT: '8080' } });
  });

  it('gives it in the arguments where they hold it', () => {
    const { after } = planned(factsWith({ service: serviceWith('portFrom: arg:--port') }));
    expect(after).toEqual({ ...SPEC, args: ['--port', '8080', '-v'] });
  });

  it('is shown without secrets, with the bounds and what agents notice', () => {
    const text = planText(planned(factsWith()));
    expect(text).toContain('the variable PORT from 8081 to 8080');
    expect(text).toContain('30s at most');
    expect(text).toContain('agents are refused');
    expect(text).not.toContain('a-secret');
    expect(text).not.toContain('by itself');
  });

  it('warns when the proxy listened on another address than main', () => {
    const service = serviceWith('ecosystem: /srv/ecosystem.config.js');
    const open = { ...service, listen: { host: '0.0.0.0', port: 8080 } };
    const plan = planned(factsWith({ service: open, proxy: proxyWith(open) }));
    expect(planText(plan)).toContain('Agents connect to 0.0.0.0');
    expect(leftToDo(plan, 'canary.yaml')).toContain('in /srv/ecosystem.config.js: the variable');
  });
});

describe('there is no plan', () => {
  const env = (PORT: string): App => mainWith({ spec: { ...SPEC, env: { PORT } } });
  const cases: readonly (readonly [string, Partial<UninstallFacts>, RegExp])[] = [
    ['while a rollout is under way', { underWay: 'mcp-search-7' }, /mcp-search-7 .*\[under-way\]$/],
    ['without main', { mains: [] }, /no app search \[no-app\]$/],
    ['with several mains', { mains: [mainWith(), mainWith()] }, /2 apps .*\[several-apps\]$/],
    [
      'with a main that is down',
      { mains: [mainWith({ pid: null, status: 'stopped' })] },
      /search is stopped \[app-not-running\]$/,
    ],
    [
      'when main has its port from elsewhere',
      { mains: [env('9000')] },
      /from the variable PORT \(portFrom\).*\[port-setting\]$/,
    ],
    ["on the agents' port already", { mains: [env('8080')] }, /8080 already.*\[port-setting\]$/],
    ['when main does not listen', { owner: { kind: 'nobody' } }, /8081 \[stable-port\]$/],
    ['without the proxy', { proxy: { kind: 'down', reason: 'gone' } }, /gone \[proxy-down\]$/],
    [
      'when the proxy runs with another configuration',
      { proxy: proxyWith({ listen: { host: '127.0.0.1', port: 8070 } }) },
      /8070.*\[proxy-outdated\]$/,
    ],
  ];

  it.each(cases)('%s', (_, change, reason) => {
    const result = planUninstall(factsWith(change));
    if (result.ok) throw new Error('there is one');
    expect(result.reasons).toEqual([expect.stringMatching(reason)]);
  });

  it('for all reasons at once', () => {
    const result = planUninstall(factsWith({ mains: [], underWay: 'mcp-search-7' }));
    expect(result).toMatchObject({ ok: false, reasons: { length: 2 } });
  });
});
