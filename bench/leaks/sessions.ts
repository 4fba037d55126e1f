/** One session of an agent, by plain HTTP: opened, used once, and ended as the transport has it. */

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'agent', version: '1' },
  },
};
const call = {
  jsonrpc: '2.0',
  id: 2,
  method: 'tools/call',
  params: { name: 'echo', arguments: { message: 'x'.repeat(200) } },
};

/** Makes one session at the origin, such as `http://127.0.0.1:3001`. */
export type Session = (origin: string) => Promise<void>;

async function post(url: string, body: object, headers: Record<string, string>): Promise<Response> {
  const init = { method: 'POST', headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) };
  const response = await fetch(url, init);
  await response.text();
  return response;
}

/** Streamable HTTP. With `deleting` false the agent leaves without a word, as many do. */
export function streamableSession(deleting: boolean): Session {
  return async (origin) => {
    const url = `${origin}/mcp`;
    const opened = await post(url, initialize, {});
    const id = opened.headers.get('mcp-session-id') ?? '';
    await post(url, call, { 'mcp-session-id': id });
    if (deleting) await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': id } });
  };
}

/** Requests without a session. */
export const statelessSession: Session = async (origin) => {
  await post(`${origin}/mcp`, initialize, {});
  await post(`${origin}/mcp`, call, {});
};

/** HTTP+SSE of 2024-11-05: the session is the stream, and ends with it. */
export const sseSession: Session = async (origin) => {
  const leaving = new AbortController();
  const stream = await fetch(`${origin}/sse`, { signal: leaving.signal });
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    while (reader !== undefined && !/data: (\S+)\n/.test(text)) {
      text += (await reader.read()).value ?? '';
    }
    const endpoint = /data: (\S+)\n/.exec(text)?.[1] ?? '';
    await post(`${origin}${endpoint}`, initialize, {});
    await post(`${origin}${endpoint}`, call, {});
  } finally {
    leaving.abort();
    await reader?.cancel().catch(() => undefined);
  }
};
