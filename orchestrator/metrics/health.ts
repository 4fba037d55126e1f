/** The processes of the services, and what the orchestrator depends on, for Prometheus. */
import type { Registry } from 'prom-client';
import { readCounter, readGauge, type Sample } from '../../common/metrics.js';
import type { Store } from '../store/store.js';
import type { Vitals } from '../vitals.js';

/** `vitals`: the newest look; null before the first. */
export function addHealthMetrics(registry: Registry, vitals: () => Vitals | null): void {
  const up = (name: string, help: string, read: (vitals: Vitals) => boolean): void =>
    readGauge(registry, { name, help, labelNames: [] }, () => {
      const seen = vitals();
      return seen === null ? [] : [[{}, read(seen) ? 1 : 0]];
    });
  up('canary_pm2_up', "1 when PM2's daemon answered at the last look.", ({ pm2Up }) => pm2Up);
  up('canary_proxy_up', '1 when canary-proxy answered at the last look.', (seen) => seen.proxyUp);
  up(
    'canary_store_up',
    "1 when the orchestrator's database could be written at the last look.",
    ({ storeUp }) => storeUp,
  );
  const apps = (): Vitals['apps'] => vitals()?.apps ?? [];
  readGauge(
    registry,
    {
      name: 'canary_process_up',
      help: '1 when the PM2 app of the track has a process; absent without the app, or without PM2.',
      labelNames: ['service', 'track'],
    },
    () =>
      apps().map(({ service, track, rssBytes }) => [{ service, track }, rssBytes === null ? 0 : 1]),
  );
  readGauge(
    registry,
    {
      name: 'canary_process_resident_memory_bytes',
      help: "Resident memory of the track's whole process tree.",
      labelNames: ['service', 'track'],
    },
    () =>
      apps().flatMap(({ service, track, rssBytes }): Sample[] =>
        rssBytes === null ? [] : [[{ service, track }, rssBytes]],
      ),
  );
  readCounter(
    registry,
    {
      name: 'canary_process_restarts_total',
      help: "Restarts of the track's PM2 app, as PM2 counts them, ordered ones too.",
      labelNames: ['service', 'track'],
    },
    () => apps().map(({ service, track, restarts }) => [{ service, track }, restarts]),
  );
}

/** `receivers`: the names of those who are notified. */
export function addNotificationMetrics(
  registry: Registry,
  { outbox }: Pick<Store, 'outbox'>,
  receivers: readonly string[],
): void {
  readGauge(
    registry,
    {
      name: 'canary_notifications_pending',
      help: 'Notifications that have not arrived at the receiver yet.',
      labelNames: ['receiver'],
    },
    () => receivers.map((receiver) => [{ receiver }, outbox.count(receiver)]),
  );
}
