/** The exhibit on a control socket: what commands only look at, they find there as with an orchestrator. */
import { refusal, serveUnix, type ApiReply, type ApiRequest } from '../common/unix-http.js';
import { evidencePage } from '../orchestrator/control/evidence.js';
import { frozenPlan } from '../orchestrator/control/frozen-plan.js';
import { reply } from '../orchestrator/control/reply.js';
import type { Exhibit } from './exhibit.js';

/** Serves it until the returned function is called. */
export async function serveExhibit(exhibit: Exhibit, socket: string): Promise<() => Promise<void>> {
  const server = await serveUnix(socket, (request) => answer(exhibit, request), null);
  return () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
}

async function answer(exhibit: Exhibit, { path, query }: ApiRequest): Promise<ApiReply> {
  const { desk, store } = exhibit;
  const [, , kind, name = '', part = ''] = path.split('/').map(decodeURIComponent);
  const status = await desk.status();
  if (kind === 'status') return { status: 200, body: status };
  if (kind === 'history') return reply(desk.history(query.get('service'), 20));
  if (kind === 'services') {
    const found = status.services.find(({ service }) => service === name);
    return found === undefined
      ? refusal(400, 'usage', `there is no service ${name}`)
      : { status: 200, body: found };
  }
  const rollout = store.byId(name);
  if (rollout === null) return refusal(400, 'usage', `there is no rollout ${name}`);
  if (part === 'plan') return { status: 200, body: frozenPlan(rollout) };
  if (part === 'evidence') {
    const page = { after: Number(query.get('after')), limit: Number(query.get('limit')) };
    return { status: 200, body: evidencePage(store, rollout, page) };
  }
  return reply(desk.rollout(name));
}
