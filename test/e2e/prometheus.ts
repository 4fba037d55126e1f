/** A Prometheus that watches a stage with the rules of deploy/, as an operator's does, only more often. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { packageRoot } from '../../common/package.js';
import type { Stage } from '../../demo/stage.js';
import { startPrometheus, type Prometheus } from '../support/prometheus.js';

export const SCRAPE_INTERVAL_MS = 1_000;

interface PrometheusConfig {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly { readonly job_name: string }[];
}

export function watchStage({ metricsUrls }: Stage): Promise<Prometheus> {
  const folder = join(packageRoot(), 'deploy', 'prometheus');
  const written = readFileSync(join(folder, 'prometheus.yml'), 'utf8');
  const config = parse(written) as PrometheusConfig;
  const interval = `${SCRAPE_INTERVAL_MS}ms`;
  const targets: Readonly<Record<string, string>> = {
    'canary-orchestrator': new URL(metricsUrls.orchestrator).host,
    'canary-proxy': new URL(metricsUrls.proxy).host,
  };
  return startPrometheus(
    stringify({
      global: {
        scrape_interval: interval,
        scrape_timeout: interval,
        evaluation_interval: interval,
      },
      rule_files: config.rule_files.map((file) => join(folder, file)),
      scrape_configs: config.scrape_configs.map(({ job_name }) => {
        return { job_name, static_configs: [{ targets: [targets[job_name]] }] };
      }),
    }),
  );
}

export interface SeenMetric {
  readonly type: string;
  readonly help: string;
}

/** Type and help of each of this program's metrics, as Prometheus was told at its last scrapes. */
export async function seenMetrics(prometheus: Prometheus): Promise<Record<string, SeenMetric>> {
  const all = (await prometheus.ask('metadata')) as Record<string, readonly SeenMetric[]>;
  const ours = Object.entries(all).filter(([name]) => name.startsWith('canary_'));
  return Object.fromEntries(
    ours.map(([name, [{ type, help } = { type: '', help: '' }]]) => [name, { type, help }]),
  );
}

/** Every series of this program since its start: its name, and its labels with Prometheus' own left out. */
export async function seenSeries(
  prometheus: Prometheus,
): Promise<{ readonly name: string; readonly labels: readonly string[] }[]> {
  const found = (await prometheus.ask('series', {
    'match[]': '{__name__=~"canary_.+"}',
  })) as readonly Readonly<Record<string, string>>[];
  const own = ['__name__', 'instance', 'job', 'le'];
  return found.map(({ __name__: name = '', ...labels }) => {
    return { name, labels: Object.keys(labels).filter((label) => !own.includes(label)) };
  });
}
