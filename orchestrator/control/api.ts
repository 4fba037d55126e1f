/** The control socket's requests (see messages.ts), turned into questions to the orchestrator. */
import { z } from 'zod';
import { decodedName, refusal, type ApiReply, type ApiRequest } from '../../common/unix-http.js';
import type { Orchestrator } from '../orchestrator.js';
import type { RequestKind } from '../rollout/rollout.js';
import { MAX_HISTORY, startRequestSchema, steerRequestSchema } from './messages.js';
import { malformed, reply, type Handler, type Route } from './reply.js';
import { RUN_ROUTES } from './run-routes.js';

/** Of a page of evidence. */
const MAX_EVENTS = 10_000;

const limitSchema = z.coerce.number().int().min(1).max(MAX_HISTORY);

const pageSchema = z.object({
  after: z.coerce.number().int().min(0),
  limit: z.coerce.number().int().min(1).max(MAX_EVENTS),
});

const ROUTES: readonly Route[] = [
  ...RUN_ROUTES,
  ['GET', /^\/v1\/status()$/, async (it) => ({ status: 200, body: await it.status() })],
  ['GET', /^\/v1\/history()$/, (it, { query }) => history(it, query)],
  ['GET', /^\/v1\/rollouts\/([^/]+)$/, (it, _, id) => reply(it.rollout(id))],
  ['GET', /^\/v1\/rollouts\/([^/]+)\/evidence$/, (it, { query }, id) => evidence(it, id, query)],
  ['GET', /^\/v1\/rollouts\/([^/]+)\/plan$/, (it, _, id) => reply(it.plan(id))],
  [
    'POST',
    /^\/v1\/notify\/test()$/,
    async (it, { query }) => reply(await it.sampleNotification(query.get('name'))),
  ],
  ['GET', /^\/v1\/services\/([^/]+)$/, (it, _, name) => reply(it.service(name))],
  ['GET', /^\/v1\/services\/([^/]+)\/logs$/, async (it, _, name) => reply(await it.logFiles(name))],
  ['POST', /^\/v1\/services\/([^/]+)\/start$/, (it, { body }, name) => startReply(it, name, body)],
  ['POST', /^\/v1\/services\/([^/]+)\/promote$/, steer('promote')],
  ['POST', /^\/v1\/services\/([^/]+)\/rollback$/, steer('rollback')],
  ['POST', /^\/v1\/services\/([^/]+)\/pause$/, steer('pause')],
  ['POST', /^\/v1\/services\/([^/]+)\/resume$/, steer('resume')],
];

/** Answers every request; what it does not know is 404. */
export async function answerControl(
  orchestrator: Orchestrator,
  request: ApiRequest,
): Promise<ApiReply> {
  for (const [method, pattern, handle] of ROUTES) {
    const name = method === request.method ? pattern.exec(request.path)?.[1] : undefined;
    if (name !== undefined) return handle(orchestrator, request, decodedName(name));
  }
  return refusal(404, 'usage', `there is no ${request.method} ${request.path}`);
}

function steer(kind: RequestKind): Handler {
  return (orchestrator, { body }, name) => steerReply(orchestrator, name, kind, body);
}

/** Hands a person's order over; `body` is a SteerRequest, if it is right. */
export function steerReply(
  orchestrator: Pick<Orchestrator, 'steer'>,
  name: string,
  kind: RequestKind,
  body: unknown,
): ApiReply {
  const request = steerRequestSchema.safeParse(body);
  return request.success
    ? reply(orchestrator.steer(name, kind, request.data.reason))
    : malformed(request.error);
}

function history(orchestrator: Orchestrator, query: URLSearchParams): ApiReply {
  const limit = limitSchema.safeParse(query.get('limit') ?? 20);
  if (!limit.success) return malformed(limit.error);
  return reply(orchestrator.history(query.get('service'), limit.data));
}

function evidence(orchestrator: Orchestrator, id: string, query: URLSearchParams): ApiReply {
  const page = pageSchema.safeParse({
    after: query.get('after') ?? 0,
    limit: query.get('limit') ?? MAX_EVENTS,
  });
  return page.success ? reply(orchestrator.evidence(id, page.data)) : malformed(page.error);
}

/** Plans or begins a rollout; `body` is a StartRequest, if it is right. */
export async function startReply(
  orchestrator: Pick<Orchestrator, 'start'>,
  name: string,
  body: unknown,
): Promise<ApiReply> {
  const request = startRequestSchema.safeParse(body);
  if (!request.success) return malformed(request.error);
  const answer = await orchestrator.start(name, request.data);
  return reply(answer, answer.ok && 'rollout' in answer.value ? 201 : 200);
}
