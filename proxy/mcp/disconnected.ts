import type { Connector } from '../session.js';

/** A session whose client is not connected cannot be set up anywhere. */
export const disconnected: Connector = {
  connect: () => Promise.resolve({ kind: 'refused', reason: 'the client is not connected' }),
  disconnect: () => undefined,
};
