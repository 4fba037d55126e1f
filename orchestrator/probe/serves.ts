/** Whether an app serves at an address: its own process tree owns the port, and answers there. */
import type { HostPort, Probe } from '../../config/types.js';
import { portOwner } from '../proc/ports.js';
import type { App, Daemon } from '../process-manager.js';
import type { Readiness } from '../rollout/observation.js';
import { probe } from './probe.js';

const PROBE_TIMEOUT_MS = 5_000;

/** Looks once. Never rejects. */
export async function serves(
  app: Pick<App, 'name' | 'pid'>,
  at: HostPort,
  how: Probe,
  daemon: Pick<Daemon, 'pid'>,
): Promise<Readiness> {
  if (app.pid === null) return { ready: false, reason: `${app.name} has no process` };
  const owner = portOwner(at.port, app.pid, daemon.pid);
  switch (owner.kind) {
    case 'nobody':
      return { ready: false, reason: `nobody listens on port ${at.port}` };
    case 'other':
      return {
        ready: false,
        reason: `port ${at.port} belongs to process ${owner.pid ?? 'of another user'}, not to ${app.name}`,
      };
    case 'tree':
    case 'daemon': {
      const answer = await probe(at, how, PROBE_TIMEOUT_MS);
      return answer.ok
        ? { ready: true, server: answer.server }
        : { ready: false, reason: answer.reason };
    }
  }
}
