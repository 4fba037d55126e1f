/** The admin socket's API (common/protocol.ts). */
import { listeningSchema, routeSchema, type ProxyState } from '../common/protocol.js';
import { decodedName, refusal, type ApiReply, type ApiRequest } from '../common/unix-http.js';
import { MAX_CALLS_PER_PAGE } from './call-log.js';
import { routeProblem } from './route.js';
import type { Service } from './service.js';

const SERVICE_PATH = /^\/v1\/services\/([^/]+)\/(route|listening|calls|negotiated)$/;

export interface AdminTarget {
  readonly state: ProxyState;
  service(name: string): Service | undefined;
  /** Has a new proxy take over. Gives why not; null: it does. */
  reload(): Promise<string | null>;
}

/** Answers one request. Never throws for what a caller can get wrong. */
export function answerAdmin(
  target: AdminTarget,
  request: ApiRequest,
): ApiReply | Promise<ApiReply> {
  if (request.path === '/v1/state' && request.method === 'GET') {
    return { status: 200, body: target.state };
  }
  if (request.path === '/v1/reload' && request.method === 'POST') return reload(target);
  const [, name, what = ''] = SERVICE_PATH.exec(request.path) ?? [];
  if (name === undefined) return refusal(404, 'not_found', `there is no ${request.path}`);
  const service = target.service(decodedName(name));
  if (service !== undefined) return answerService(service, what, request);
  return refusal(404, 'unknown_service', `no service is called ${name}`);
}

function answerService(
  service: Service,
  what: string,
  request: ApiRequest,
): ApiReply | Promise<ApiReply> {
  if (what === 'route' && request.method === 'PUT') return putRoute(service, request.body);
  if (what === 'listening' && request.method === 'PUT') return putListening(service, request.body);
  if (what === 'calls' && request.method === 'GET') return getCalls(service, request.query);
  if (what === 'negotiated' && request.method === 'GET')
    return { status: 200, body: service.negotiated };
  return refusal(405, 'method_not_allowed', `${request.method} is not for ${request.path}`);
}

async function reload(target: AdminTarget): Promise<ApiReply> {
  const problem = await target.reload();
  return problem === null ? { status: 200, body: {} } : refusal(409, 'refused', problem);
}

function putRoute(service: Service, body: unknown): ApiReply {
  const parsed = routeSchema.safeParse(body);
  if (!parsed.success) return refusal(400, 'bad_route', parsed.error.message);
  const problem = routeProblem(parsed.data);
  if (problem !== null) return refusal(400, 'bad_route', problem);
  return { status: 200, body: service.setRoute(parsed.data) };
}

async function putListening(service: Service, body: unknown): Promise<ApiReply> {
  const parsed = listeningSchema.safeParse(body);
  if (!parsed.success) return refusal(400, 'bad_listening', parsed.error.message);
  return { status: 200, body: await service.setListening(parsed.data.listening) };
}

function getCalls(service: Service, query: URLSearchParams): ApiReply {
  const after = Number(query.get('after') ?? 0);
  const limit = Number(query.get('limit') ?? MAX_CALLS_PER_PAGE);
  if (!Number.isInteger(after) || after < 0 || !Number.isInteger(limit) || limit < 1) {
    return refusal(400, 'bad_query', 'after (from 0) and limit (from 1) must be whole numbers');
  }
  return { status: 200, body: service.callPage(after, limit) };
}
