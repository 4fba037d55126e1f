/** Shows whether something serves at an address, the way the configuration wants it shown. */
import { connect } from 'node:net';
import type { Client } from '@modelcontextprotocol/client';
import type { HostPort, Probe } from '../../config/types.js';
import { troubleOf, serverInfoOf, urlOf, withServer } from '../mcp/connection.js';
import type { ServerInfo } from '../rollout/rollout.js';

export type ProbeOutcome =
  | { readonly ok: true; readonly server: ServerInfo | null }
  | { readonly ok: false; readonly reason: string };

/**
 * Tries once. Never rejects, and settles within about `timeoutMs`.
 * @param protocolVersion of MCP that the server must speak; by default the newest that it can.
 */
export async function probe(
  at: HostPort,
  how: Probe,
  timeoutMs: number,
  protocolVersion?: string,
): Promise<ProbeOutcome> {
  try {
    switch (how.kind) {
      case 'mcp':
      case 'sse': {
        const introduce = (client: Client) => Promise.resolve(serverInfoOf(client));
        const server = await withServer(at, how, { timeoutMs, protocolVersion }, introduce);
        return { ok: true, server };
      }
      case 'http':
        return await httpAnswer(urlOf(at, how.path), timeoutMs);
      case 'tcp':
        await openPort(at, timeoutMs);
        return { ok: true, server: null };
    }
  } catch (error) {
    return { ok: false, reason: `${how.kind} probe of port ${at.port}: ${troubleOf(error)}` };
  }
}

async function httpAnswer(url: URL, timeoutMs: number): Promise<ProbeOutcome> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' });
  await response.body?.cancel();
  return response.status < 400
    ? { ok: true, server: null }
    : { ok: false, reason: `GET ${url.pathname} answered ${response.status}` };
}

function openPort({ host, port }: HostPort, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const settle = (error: Error | null): void => {
      socket.destroy();
      if (error === null) resolve();
      else reject(error);
    };
    socket.once('connect', () => settle(null));
    socket.once('timeout', () => settle(new Error('no connection in time')));
    socket.once('error', settle);
  });
}
