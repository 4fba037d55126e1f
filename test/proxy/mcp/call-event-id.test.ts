import { describe, expect, it } from 'vitest';
import { callEventIds, primingEvent, readCallEventId } from '../../../proxy/mcp/call-event-id.js';

const LABEL = 'placed-4f1d';
const encoded = (token: string) => Buffer.from(token, 'latin1').toString('base64url');

describe('the event ids of a call', () => {
  it.each(['7', '-1.5', '"a b"', '"line\\n"', '"\xc3\xa9"', `"${'x'.repeat(500)}"`])(
    'bring back the request %s',
    (token) => {
      const { begun, over } = callEventIds(LABEL, token);
      expect(readCallEventId(begun)).toEqual({ kind: 'begun', label: LABEL, token });
      expect(readCallEventId(over)).toEqual({ kind: 'over', label: LABEL, token });
      // What a header and an event's field can carry.
      expect(begun + over).toMatch(/^[\w.-]+$/);
    },
  );

  it.each([
    ['nothing', ''],
    ["an instance's", '7'],
    ["an instance's after a move", 'canary-2-canary-call.placed-4f1d.Nw'],
    ['another kind', `canary-done.${LABEL}.Nw`],
    ['no request', `canary-call.${LABEL}.`],
    ['what is not base64url', `canary-call.${LABEL}.N=`],
    ['what was not written so', `canary-call.${LABEL}.Nx`],
    ['null', `canary-call.${LABEL}.${encoded('null')}`],
    ['an object', `canary-call.${LABEL}.${encoded('{}')}`],
    ['no JSON', `canary-call.${LABEL}.${encoded('"')}`],
    ['more lines', `canary-call.${LABEL}.${encoded('7\n')}`],
    ['more after it', `${callEventIds(LABEL, '7').begun}\n`],
  ])('are not taken for %s', (_, id) => {
    expect(readCallEventId(id)).toBeNull();
  });

  it('begin a stream with an event that has no data', () => {
    const text = primingEvent(callEventIds('4f1d', '7'));
    expect(text).toBe('id: canary-call.4f1d.Nw\nretry: 5000\ndata: \n\n');
  });
});
