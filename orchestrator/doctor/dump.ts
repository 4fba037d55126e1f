/** Whether PM2's saved list, which it starts from after a reboot, holds what runs now. */
import { readDump } from '../pm2/dump.js';
import type { Pm2Env } from '../pm2/pm2-env.js';
import { diffSpec, ROLLOUT_KEY, specOf } from '../pm2/spec.js';
import { ok, warning, type Diagnosis } from './diagnosis.js';
import { liveRollouts, mainOf, servicesOf, type Facts } from './facts.js';

const SAVE = 'pm2 save';

export async function checkDump(facts: Facts): Promise<Diagnosis[]> {
  if (facts.apps.kind !== 'ok') return [];
  const entries = await readDump(facts.pm2Home).catch(() => 'unreadable' as const);
  if (entries === 'unreadable') return [warning('dump', "PM2's saved list cannot be read", SAVE)];
  if (entries === null) {
    return [warning('dump', 'PM2 has no saved list: a reboot starts nothing', SAVE)];
  }
  const found = [...mainsIn(entries, facts), ...canariesIn(entries, facts)];
  return found.length > 0 ? found : [ok('dump', 'PM2 has saved what runs now')];
}

function mainsIn(entries: readonly Pm2Env[], facts: Facts): Diagnosis[] {
  return servicesOf(facts).flatMap((service) => {
    const main = mainOf(facts, service);
    if (main === null) return [];
    const entry = entries.find((each) => each['name'] === service.app);
    if (entry === undefined) {
      return [warning('dump', `PM2's saved list does not hold ${service.app}`, SAVE)];
    }
    const fields = diffSpec(specOf(entry), main.spec).map(({ field }) => field);
    if (fields.length === 0) return [];
    const message = `${service.app} was saved with another ${fields.join(', ')} than it runs with`;
    return [warning('dump', message, SAVE)];
  });
}

function canariesIn(entries: readonly Pm2Env[], facts: Facts): Diagnosis[] {
  if (liveRollouts(facts)?.size !== 0) return [];
  return entries
    .filter((entry) => typeof entry[ROLLOUT_KEY] === 'string')
    .map((entry) =>
      warning('dump', `PM2's saved list holds the canary ${String(entry['name'])}`, SAVE),
    );
}
