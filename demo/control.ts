/** A stage's rollouts by the control socket, without the cost of a process: phases can be shorter than one's start. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { homeFrom } from '../common/home.js';
import { callUnix, type UnixReply } from '../common/unix-http.js';
import type { RolloutView, ServiceView, StartRequest } from '../orchestrator/control/messages.js';
import type { RequestKind } from '../orchestrator/rollout/rollout.js';
import type { Stage } from './stage.js';

/** Less than the shortest stage: an orchestrator that is just being started must not hide one. */
const LOOK_TIMEOUT_MS = 500;
const ORDER_TIMEOUT_MS = 30_000;

/** The newest rollout of a service. Null: no answer, or none yet. */
export async function look(
  { home }: Stage,
  service: string,
  timeoutMs = LOOK_TIMEOUT_MS,
): Promise<RolloutView | null> {
  const reply = await callUnix(homeFrom({ CANARY_HOME: home }).controlSocket, {
    method: 'GET',
    path: `/v1/services/${service}`,
    timeoutMs,
  });
  const answered = reply.kind === 'answered' && reply.status === 200;
  return answered ? (reply.body as ServiceView).rollout : null;
}

/** A person's order. */
export function order(
  { home }: Stage,
  service: string,
  kind: RequestKind | 'start',
  body: StartRequest | { readonly reason: string | null },
): Promise<UnixReply> {
  return callUnix(homeFrom({ CANARY_HOME: home }).controlSocket, {
    method: 'POST',
    path: `/v1/services/${service}/${kind}`,
    body,
    timeoutMs: ORDER_TIMEOUT_MS,
  });
}

/** `observing`, or with its stage `promoting/returning`. */
export function whereOf({ phase, stage }: RolloutView): string {
  return stage === null ? phase : `${phase}/${stage}`;
}

/** The newest process of an app by the file that PM2 writes; null when it has written none. */
export function pidOf({ pm2 }: Stage, app: string): number | null {
  const folder = join(pm2.home, 'pids');
  const isOfApp = (name: string): boolean => new RegExp(`^${app}-\\d+\\.pid$`).test(name);
  const files = readdirSync(folder)
    .filter(isOfApp)
    .map((name) => join(folder, name));
  const [newest] = files.sort((a, b) => writtenAtMs(b) - writtenAtMs(a));
  return newest === undefined ? null : Number(readFileSync(newest, 'utf8'));
}

/** A file that is gone meanwhile is the oldest. */
function writtenAtMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
