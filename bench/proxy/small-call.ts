/** The request that all contenders are asked, and the session it is asked in. */

/** A tools/call of about 300 bytes. */
export const SMALL_CALL = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'search', arguments: { query: 'x'.repeat(150), limit: 10 } },
});

/** Opens a session and gives its id. */
export async function openSession(port: number): Promise<string> {
  const params = { protocolVersion: '2025-06-18', capabilities: {} };
  const answer = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }),
  });
  await answer.text();
  return answer.headers.get('mcp-session-id') ?? '';
}

/** The headers of a call in the session; the answer has `answerBytes`. */
export function callHeaders(session: string, answerBytes: number): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-06-18',
    'mcp-session-id': session,
    'x-size': String(answerBytes),
  };
}

/** The value below which `share` of the values are: the median by default. 0 when there are none. */
export function quantile(values: readonly number[], share = 0.5): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
