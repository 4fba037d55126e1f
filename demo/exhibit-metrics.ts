/** What the orchestrator would tell Prometheus of the exhibit's rollouts: their judge is the real one. */
import type { MetricsParts } from '../orchestrator/metrics/metrics.js';
import { exhibitService, type Exhibit } from './exhibit.js';

/** PM2 is up and has main and a canary of each service, the canary without a process. */
export function exhibitMetrics(
  { store, desk }: Exhibit,
  services: readonly string[],
): MetricsParts {
  const live = store.active().map((rollout) => {
    const view = desk.rollout(rollout.id);
    return { rollout, assessment: view.ok ? view.value.assessment : null, troubles: 2 };
  });
  const apps = services.flatMap((service) => [
    { service, track: 'stable', restarts: 3, rssBytes: 200e6 } as const,
    { service, track: 'canary', restarts: 0, rssBytes: null } as const,
  ]);
  return {
    orchestrator: {
      live: () => live,
      scheduler: { list: () => ({ schedules: [] }) },
      vitals: { newest: { pm2Up: true, proxyUp: false, storeUp: true, apps } },
    },
    config: {
      services: Object.fromEntries(services.map((name) => [name, exhibitService(name)])),
      notify: [],
    },
    store,
    process: { build: { version: '1.2.3', configDigest: 'abc' }, storeFile: '/nowhere/r.db' },
  };
}
