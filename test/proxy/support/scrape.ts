/** What the proxy tells Prometheus. */
import { parseExposition } from '../../support/exposition.js';
import type { TestProxy } from './proxies.js';

/** The sample of a metric that has these labels, among others; undefined without one. */
export async function sampleOf(
  { config }: TestProxy,
  metric: string,
  labels: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const { host, port } = config.proxy.metrics;
  const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
  const samples = parseExposition(text).get(metric)?.samples ?? [];
  const wanted = Object.entries(labels);
  return samples.find((one) => wanted.every(([name, value]) => one.labels[name] === value))?.value;
}
