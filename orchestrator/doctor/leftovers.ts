/** Canaries of no rollout under way: apps in PM2, and processes that PM2 has lost sight of. */
import type { AppView } from '../pm2/app.js';
import { ROLLOUT_KEY } from '../pm2/spec.js';
import { processesWith } from '../proc/marked.js';
import { treePids } from '../proc/tree.js';
import { ok, warning, type Diagnosis } from './diagnosis.js';
import { liveRollouts, type Facts } from './facts.js';

/** A rollout's mark is its id and a UUID; commands of checks have the bare id (docs/decisions/0002-marks.md). */
const MARK = /^(.+-\d+)\.[0-9a-f-]{36}$/;

export function checkLeftovers(facts: Facts): Diagnosis[] {
  const { apps, pm2Home } = facts;
  if (apps.kind !== 'ok') return [];
  const live = liveRollouts(facts);
  const left = apps.value.filter(({ rollout }) => rollout !== null && !isLive(rollout, live));
  const known = new Set(apps.value.flatMap(({ pid }) => (pid === null ? [] : treePids(pid))));
  const strays = processesWith(ROLLOUT_KEY).filter(({ pid, environ }) => {
    const mark = environ.get(ROLLOUT_KEY) ?? '';
    const ours = environ.get('PM2_HOME') === pm2Home && MARK.test(mark);
    return ours && !known.has(pid) && !isLive(mark, live);
  });
  const found = [
    ...left.map((app) => leftApp(app, live === null)),
    ...strays.map(({ pid, environ }) =>
      warning(
        'leftovers',
        `process ${pid} is of rollout ${idOf(environ.get(ROLLOUT_KEY) ?? '')}, and PM2 does not know it`,
        `kill ${pid}`,
      ),
    ),
  ];
  return found.length > 0 ? found : [ok('leftovers', 'no canary is left over')];
}

function isLive(mark: string, live: ReadonlyMap<string, string> | null): boolean {
  return [...(live?.values() ?? [])].includes(idOf(mark));
}

function idOf(mark: string): string {
  return MARK.exec(mark)?.[1] ?? mark;
}

function leftApp({ name, pmId, rollout }: AppView, unknown: boolean): Diagnosis {
  const of = `${name} (pm_id ${pmId}) is of rollout ${idOf(rollout ?? '')}`;
  return unknown
    ? warning('leftovers', of, 'start canary-orchestrator: it goes on with the rollout or ends it')
    : warning('leftovers', `${of}, which is not under way`, `pm2 delete ${pmId}, pm2 save`);
}
