/** The queries of deploy/grafana/canary.json. */
import { readFileSync } from 'node:fs';

export interface DashboardQuery {
  /** Of the panel, or the annotation. */
  readonly title: string;
  readonly expr: string;
}

/** Panels that are empty until a rollout is minutes old: trends, and what is compared after a warm-up. */
export const NEED_MINUTES: ReadonlySet<string> = new Set([
  'Difference: latency',
  'Growth',
  'Time to the limit',
]);

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly annotations: { readonly list: readonly { name: string; expr: string }[] };
  readonly panels: readonly Panel[];
}

/** Those of all panels and annotations, as they are written. */
export function dashboardQueries(): DashboardQuery[] {
  const file = new URL('../../deploy/grafana/canary.json', import.meta.url);
  const { annotations, panels } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
  return [
    ...annotations.list.map(({ name, expr }) => ({ title: name, expr })),
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
  ];
}

/** With Grafana's variables in place: all services, and `rateInterval` such as `10s`. */
export function filledIn(expr: string, rateInterval: string): string {
  return expr.replaceAll('$service', '.+').replaceAll('$__rate_interval', rateInterval);
}
