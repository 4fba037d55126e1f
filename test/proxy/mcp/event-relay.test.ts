import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventData, EventRelay, type Verdict } from '../../../proxy/mcp/event-relay.js';

const LIMIT = 1_000;
const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
const event = fc.record({
  id: fc.option(fc.stringMatching(/^[a-z0-9]{1,8}$/), { nil: null }),
  space: fc.constantFrom('', ' '),
  value: fc.integer({ min: 0, max: 999 }),
});

function wire(
  { id, space, value }: { id: string | null; space: string; value: number },
  end: string,
) {
  const lines = [`event:${space}message`, ...(id === null ? [] : [`id:${space}${id}`])];
  return [...lines, `data:${space}{"jsonrpc":"2.0","id":${value},"result":{}}`, '', ''].join(end);
}

function relayInPieces(relay: EventRelay, body: Buffer, size: number): string {
  const out: Buffer[] = [];
  for (let i = 0; i < body.length; i += size) out.push(...relay.push(body.subarray(i, i + size)));
  return Buffer.concat(out).toString();
}

describe('EventRelay', () => {
  it('passes a stream on byte for byte, and tells what is in each event', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 8 }),
        lineEnd,
        fc.integer({ min: 1, max: 40 }),
        (events, end, size) => {
          const seen: { id: string | null; value: string | null; data: string }[] = [];
          const relay = new EventRelay((relayed) => {
            const { fields, messages } = relayed;
            const data = eventData(relayed.raw() ?? Buffer.alloc(0));
            if (fields.hasData) seen.push({ id: fields.id, value: messages[0]?.id ?? null, data });
            return 'pass';
          }, LIMIT);
          const body = Buffer.from(events.map((one) => wire(one, end)).join(''));
          const passed = relayInPieces(relay, body, size);
          // A last CR may be followed by an LF: it waits with its event until that is known.
          expect(body.toString().startsWith(passed)).toBe(true);
          expect(seen.map(({ id, value }) => ({ id, value }))).toEqual(
            events.map(({ id, value }) => ({ id, value: String(value) })),
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('drops and replaces single events', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 8 }),
        fc.integer({ min: 1, max: 60 }),
        (events, size) => {
          const verdictOf = (value: number): Verdict =>
            value % 3 === 0
              ? 'pass'
              : value % 3 === 1
                ? 'drop'
                : Buffer.from(`data: new ${value}\n\n`);
          const relay = new EventRelay(({ messages }) => verdictOf(Number(messages[0]?.id)), LIMIT);
          const passed = relayInPieces(
            relay,
            Buffer.from(events.map((e) => wire(e, '\n')).join('')),
            size,
          );
          const wanted = events.map((one) => {
            const verdict = verdictOf(one.value);
            if (verdict === 'drop') return '';
            return verdict === 'pass' ? wire(one, '\n') : verdict.toString();
          });
          expect(passed).toBe(wanted.join(''));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('holds an event back until it is whole', () => {
    const relay = new EventRelay(() => 'pass', LIMIT);
    expect(relay.push(Buffer.from('data: {"id":1,'))).toEqual([]);
    expect(relay.isMidEvent).toBe(false);
    expect(Buffer.concat(relay.push(Buffer.from('"result":{}}\n\n'))).toString()).toBe(
      'data: {"id":1,"result":{}}\n\n',
    );
  });

  it('lets an event through in pieces when it outgrows the limit, and still knows its message', () => {
    const ids: (string | null)[] = [];
    const relay = new EventRelay((relayed) => {
      ids.push(relayed.messages[0]?.id ?? null);
      expect(relayed.raw()).toBeNull();
      return 'drop';
    }, LIMIT);
    const text = 'x'.repeat(5 * LIMIT);
    const body = Buffer.from(`data: {"result":{"text":"${text}"},"id":9}\n\n`);
    const first = relay.push(body.subarray(0, 3 * LIMIT));
    expect(relay.isMidEvent).toBe(true);
    const second = relay.push(body.subarray(3 * LIMIT));
    expect(Buffer.concat([...first, ...second])).toEqual(body);
    expect(relay.isMidEvent).toBe(false);
    expect(ids).toEqual(['9']);
  });
});
