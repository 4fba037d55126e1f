/** How a Streamable HTTP session is set up on an instance, and ended there. */
import { SESSION_HEADER } from '../headers.js';
import type { Connector } from '../session.js';
import { ask } from './ask.js';
import { GOODBYE_TIMEOUT_MS } from './end-session.js';
import { handshake, protocolHeaders } from './handshake.js';

export const streamableConnector: Connector = {
  async connect(session, upstream, headers, signal) {
    const { initialize, path, negotiated, initialized, restore } = session;
    if (initialize === null) return { kind: 'refused', reason: 'the session was not initialized' };
    return handshake({
      upstream,
      path,
      headers,
      initialize,
      negotiated,
      initialized,
      restore: [...restore.values()],
      signal,
    });
  },

  disconnect({ headers, path }, { upstream, upstreamId }) {
    if (upstreamId === null) return;
    const withId = [...protocolHeaders(headers), SESSION_HEADER, upstreamId];
    void ask(upstream, { method: 'DELETE', path, headers: withId, body: null }, GOODBYE_TIMEOUT_MS);
  },
};
