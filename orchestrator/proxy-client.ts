/** The orchestrator's side of the proxy's admin socket. Every failure is data. */
import { z } from 'zod';
import { callUnix } from '../common/unix-http.js';
import {
  callPageSchema,
  negotiatedStateSchema,
  proxyStateSchema,
  serviceStateSchema,
  type CallPage,
  type NegotiatedState,
  type ProxyState,
  type Route,
  type ServiceState,
} from '../common/protocol.js';

export type ProxyReply<T> =
  { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'down'; readonly reason: string };

export interface ProxyClient {
  state(): Promise<ProxyReply<ProxyState>>;
  /** Sets the route; ok means that the proxy has stored it and answered with the same. */
  setRoute(service: string, route: Route): Promise<ProxyReply<ServiceState>>;
  /** Calls that ended after the one with the number `after`, at most `limit`. */
  calls(service: string, after: number, limit: number): Promise<ProxyReply<CallPage>>;
  /** What the live sessions have agreed on with their servers. */
  negotiated(service: string): Promise<ProxyReply<NegotiatedState>>;
}

/** What an administrator's command may ask on top of it. */
export interface ProxyAdmin extends ProxyClient {
  /**
   * Has the port of a service freed, which takes as long as the calls under way, or taken again.
   * @param limitMs how long the answer is waited for.
   */
  setListening(
    service: string,
    listening: boolean,
    limitMs: number,
  ): Promise<ProxyReply<ServiceState>>;
  /**
   * Has a new process of the proxy take over, with the program and the configuration as they are now.
   * @param limitMs how long it may take to load.
   */
  reload(limitMs: number): Promise<ProxyReply<object>>;
}

const TIMEOUT_MS = 3_000;

export function proxyClient(socketPath: string): ProxyAdmin {
  const call = async <T>(
    schema: z.ZodType<T>,
    method: string,
    path: string,
    body?: unknown,
    timeoutMs = TIMEOUT_MS,
  ): Promise<ProxyReply<T>> => {
    const reply = await callUnix(socketPath, { method, path, body, timeoutMs });
    if (reply.kind === 'unreachable') return { kind: 'down', reason: reply.reason };
    if (reply.status !== 200) {
      return {
        kind: 'down',
        reason: refusedBecause(reply.body) ?? `${method} ${path} answered ${reply.status}`,
      };
    }
    const parsed = schema.safeParse(reply.body);
    return parsed.success
      ? { kind: 'ok', value: parsed.data }
      : { kind: 'down', reason: `${method} ${path}: not an answer of this program's version` };
  };
  const path = (service: string): string => `/v1/services/${encodeURIComponent(service)}`;
  return {
    state: () => call(proxyStateSchema, 'GET', '/v1/state'),
    setRoute: (service, route) => call(serviceStateSchema, 'PUT', `${path(service)}/route`, route),
    setListening: (service, listening, limitMs) =>
      call(serviceStateSchema, 'PUT', `${path(service)}/listening`, { listening }, limitMs),
    reload: (limitMs) => call(z.object({}), 'POST', '/v1/reload', undefined, limitMs),
    negotiated: (service) => call(negotiatedStateSchema, 'GET', `${path(service)}/negotiated`),
    calls: (service, after, limit) =>
      call(callPageSchema, 'GET', `${path(service)}/calls?after=${after}&limit=${limit}`),
  };
}

const errorSchema = z.object({ error: z.object({ message: z.string() }) });

/** The proxy's own words, null without any. */
function refusedBecause(body: unknown): string | null {
  const parsed = errorSchema.safeParse(body);
  return parsed.success ? parsed.data.error.message : null;
}
