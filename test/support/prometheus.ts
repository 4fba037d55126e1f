/** A real Prometheus, if the machine has one (`apt-get install prometheus`), with a folder of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.js';
import { start } from './processes.js';

export const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;

export interface Prometheus {
  readonly url: string;
  /** The `data` of the answer to a request of its HTTP API, such as `query`. */
  ask(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>;
  dispose(): Promise<void>;
}

/** Starts it with the text of a configuration file; it answers a moment later. */
export async function startPrometheus(config: string): Promise<Prometheus> {
  const dir = mkdtempSync(join(tmpdir(), 'prometheus-'));
  mkdirSync(join(dir, 'data'));
  writeFileSync(join(dir, 'prometheus.yml'), config);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = start('prometheus', [
    `--config.file=${join(dir, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  return {
    url,
    ask: async (path, parameters = {}) => {
      const query = new URLSearchParams(parameters).toString();
      const answer = await fetch(`${url}/api/v1/${path}?${query}`);
      const { data, error } = (await answer.json()) as { data?: unknown; error?: string };
      if (error !== undefined) throw new Error(`${path} ${query}: ${error}`);
      return data;
    },
    dispose: async () => {
      await started.end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Whether a query finds any number between the times, in Unix milliseconds. */
export async function findsData(
  prometheus: Prometheus,
  query: string,
  [startMs, endMs]: readonly [number, number],
): Promise<boolean> {
  const times = { start: String(startMs / 1_000), end: String(endMs / 1_000), step: '1' };
  const { result } = (await prometheus.ask('query_range', { query, ...times })) as {
    readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[];
  };
  return result.some(({ values }) => values.some(([, value]) => value !== 'NaN'));
}
