/**
 * Carries the plan out: canary-proxy lets go of the port, main is restarted on it and proven. What
 * fails on the way is taken back, main first: the proxy needs somebody to send calls to.
 */
import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/message-of.js';
import type { HostPort, ServiceConfig } from '../../config/types.js';
import { sameSpec } from '../pm2/spec.js';
import { serves } from '../probe/serves.js';
import type { ProcessManager } from '../process-manager.js';
import type { ProxyAdmin } from '../proxy-client.js';
import { because } from '../refusals.js';
import type { UninstallPlan } from './plan.js';

/** Beyond the calls' drain time: the proxy ends streams and answers. */
const DRAIN_MARGIN_MS = 5_000;
/** How long a port that was let go may take to be held again. */
const REOPEN_MS = 10_000;
const POLL_MS = 100;
const INTERRUPTED = 'it was interrupted';

export interface TakeOutParts {
  readonly pm2: Pick<ProcessManager, 'daemon' | 'find' | 'respec'>;
  readonly proxy: Pick<ProxyAdmin, 'state' | 'setListening'>;
  readonly clock: Clock;
  /** Id of the service's rollout under way, null without one. Rejects when nobody can tell. */
  readonly underWay: () => Promise<string | null>;
  /** Told of each step as it begins. */
  readonly say: (step: string) => void;
  /** Aborted when a person has had enough: what was begun is put back. */
  readonly interrupted: AbortSignal;
}

export type TakenOut =
  /** Main serves agents. They were refused for no longer than `gapMs`. */
  | { readonly kind: 'done'; readonly gapMs: number }
  /** It failed for `reason`; what could not be put back is in `troubles`. */
  | { readonly kind: 'failed'; readonly reason: string; readonly troubles: readonly string[] };

/** Never rejects for what can go wrong on the way; every wait is bounded. */
export async function takeOut(parts: TakeOutParts, plan: UninstallPlan): Promise<TakenOut> {
  const startedAtMs = parts.clock.now();
  // Whatever it is that went wrong: agents are refused until everything is put back.
  const reason = await swap(parts, plan).catch(messageOf);
  if (reason === null) return { kind: 'done', gapMs: parts.clock.now() - startedAtMs };
  parts.say(`failed: ${reason}`);
  return { kind: 'failed', reason, troubles: await putBack(parts, plan) };
}

/** Null, or the reason why it could not be done. */
async function swap(parts: TakeOutParts, plan: UninstallPlan): Promise<string | null> {
  const { pm2, proxy, underWay, say, interrupted } = parts;
  const { service, main, after } = plan;
  const { name, app, listen, drain } = service;
  say(`canary-proxy lets go of port ${listen.port}`);
  const closed = await proxy.setListening(name, false, drain.callsMs + DRAIN_MARGIN_MS);
  if (closed.kind === 'down') return closed.reason;
  if (interrupted.aborted) return INTERRUPTED;
  // No rollout begins without the proxy, but one may have begun just before.
  const rollout = await underWay();
  if (rollout !== null) return because('under-way', `${rollout} has just begun`);
  say(`PM2 restarts ${app} on port ${listen.port}`);
  const restarted = await pm2.respec(main, after);
  if (restarted.kind !== 'ok') return restarted.reason;
  return untilServing(parts, service, listen, interrupted);
}

async function putBack(parts: TakeOutParts, plan: UninstallPlan): Promise<string[]> {
  const { pm2, proxy, say } = parts;
  const { service, main, before } = plan;
  say(`putting everything back: ${service.app} on port ${service.stable.port}`);
  const troubles: (string | null)[] = [];
  const found = await pm2.find(service.app);
  if (found.kind !== 'ok' || !sameSpec(found.value.spec, before) || found.value.pid === null) {
    const restored = await pm2.respec(main, before);
    troubles.push(restored.kind === 'ok' ? null : restored.reason);
  }
  troubles.push(await untilServing(parts, service, service.stable));
  say(`canary-proxy takes port ${service.listen.port} again`);
  const opened = await proxy.setListening(service.name, true, REOPEN_MS);
  troubles.push(opened.kind === 'down' ? opened.reason : await untilListening(parts, service.name));
  return troubles.filter((trouble) => trouble !== null);
}

/** Waits until main serves there. Null, or what was missing at the end. */
function untilServing(
  { pm2, clock }: TakeOutParts,
  { app, probe, readyMs }: ServiceConfig,
  at: HostPort,
  interrupted?: AbortSignal,
): Promise<string | null> {
  const missing = async (): Promise<string | null> => {
    const daemon = await pm2.daemon();
    const main = daemon.kind === 'ok' ? await pm2.find(app) : daemon;
    if (daemon.kind !== 'ok') return daemon.reason;
    if (main.kind !== 'ok') return main.reason;
    const readiness = await serves(main.value, at, probe, daemon.value);
    return readiness.ready ? null : readiness.reason;
  };
  return until(clock, readyMs, missing, interrupted);
}

function untilListening({ proxy, clock }: TakeOutParts, name: string): Promise<string | null> {
  return until(clock, REOPEN_MS, async () => {
    const reply = await proxy.state();
    if (reply.kind === 'down') return reply.reason;
    const state = reply.value.services[name];
    return state?.listening === true ? null : `canary-proxy: ${state?.listenError ?? 'unknown'}`;
  });
}

/** Looks again and again until nothing is missing (null), or gives what was at the end, or that it was interrupted. */
async function until(
  clock: Clock,
  limitMs: number,
  missing: () => Promise<string | null>,
  interrupted?: AbortSignal,
): Promise<string | null> {
  const deadlineMs = clock.now() + limitMs;
  for (;;) {
    if (interrupted?.aborted === true) return INTERRUPTED;
    const reason = await missing();
    if (reason === null || clock.now() >= deadlineMs) return reason;
    await clock.sleep(POLL_MS);
  }
}
