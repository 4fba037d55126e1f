/** The names that a command line can be completed with. Whoever does not answer at once has none. */
import { homeFrom } from '../../../common/home.js';
import { callUnix } from '../../../common/unix-http.js';
import { readConfig } from '../../../config/read.js';
import type { HistoryReply } from '../../control/messages.js';
import type { RunsReply } from '../../control/run-messages.js';
import type { Io } from '../io.js';
import type { Candidate, NameKind } from './candidates.js';

/** A person waits for it with a finger on the key. */
const TIMEOUT_MS = 1_000;
const MAX_ROLLOUTS = 50;

export async function namesOf(io: Io, kind: NameKind): Promise<readonly Candidate[]> {
  switch (kind) {
    case 'service':
    case 'schedule':
    case 'group':
      return configured(io, kind);
    case 'rollout': {
      const reply = await answer<HistoryReply>(io, `/v1/history?limit=${MAX_ROLLOUTS}`);
      const rollouts = reply?.rollouts ?? [];
      return rollouts.map(({ id, phase, reason }) => named(id, `${phase}: ${reason}`));
    }
    case 'run': {
      const reply = await answer<RunsReply>(io, `/v1/runs?limit=${MAX_ROLLOUTS}`);
      return (reply?.runs ?? []).map(({ id, title }) => named(id, title));
    }
  }
}

function configured(io: Io, kind: 'service' | 'schedule' | 'group'): Candidate[] {
  const request = { env: io.env, cwd: io.cwd, homeDir: homeFrom(io.env).dir };
  const read = readConfig(request, { color: false });
  if (!read.ok) return [];
  const { services, schedules, groups } = read.config;
  switch (kind) {
    case 'service':
      return Object.values(services).map(({ name, app }) => named(name, `PM2 app ${app}`));
    case 'schedule':
      return schedules.map(({ name }) => named(name, 'a schedule'));
    case 'group':
      return groups.map(({ name, services: members }) => named(name, members.join(', ')));
  }
}

function named(value: string, description: string): Candidate {
  return { value, description };
}

async function answer<T>(io: Io, path: string): Promise<T | null> {
  const { controlSocket } = homeFrom(io.env);
  const reply = await callUnix(controlSocket, { method: 'GET', path, timeoutMs: TIMEOUT_MS });
  return reply.kind === 'answered' && reply.status === 200 ? (reply.body as T) : null;
}
