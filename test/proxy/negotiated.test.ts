import { expect, it } from 'vitest';
import { negotiatedStateSchema } from '../../common/protocol.js';
import { summarize } from '../../proxy/negotiated.js';

it('sessions are counted by what they agreed on, whatever a client calls its capabilities', () => {
  const clientCapabilities = { constructor: {}, toString: {}, sampling: {} };
  const negotiated = { protocolVersion: '2025-11-25', clientCapabilities, serverCapabilities: {} };
  const sessions = [{ negotiated }, { negotiated }, { negotiated: null }];
  const state = negotiatedStateSchema.parse(summarize(sessions, { '2026-07-28': 3 }));
  expect(state.protocolVersions).toEqual({ '2025-11-25': 2 });
  expect(Object.entries(state.clientCapabilities)).toEqual([
    ['constructor', 2],
    ['toString', 2],
    ['sampling', 2],
  ]);
  expect(state.statelessVersions).toEqual({ '2026-07-28': 3 });
});
