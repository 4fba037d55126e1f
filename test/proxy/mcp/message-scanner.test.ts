import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageScanner, scanMessages, type Message } from '../../../proxy/mcp/message-scanner.js';

/** Names that could be taken for a message's own when nested or inside strings. */
const tricky = fc.constantFrom(
  'id',
  'error',
  'isError',
  'code',
  'result',
  'method',
  'name',
  'a"b\\',
);
const content = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.constantFrom('"error":{"code":1}', '\\"', '\\', '{"isError":true}', '[', '}'),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(tricky, fc.string()), tie('value'), { maxKeys: 4 }),
  ),
})).value;

const id = fc.oneof(fc.integer(), fc.string({ maxLength: 20 }));
const message = fc.oneof(
  fc.record({
    id,
    result: fc.record({ content, isError: fc.boolean(), taskId: fc.string({ maxLength: 30 }) }),
  }),
  fc.record({ id, result: fc.record({ requestState: fc.string({ maxLength: 2_000 }) }) }),
  fc.record({ id, error: fc.record({ message: fc.string(), data: content, code: fc.integer() }) }),
  fc.record({
    id,
    method: fc.constantFrom('tools/call', 'ping'),
    params: fc.record({ arguments: content, name: fc.string({ maxLength: 40 }) }),
  }),
  fc.record({
    method: fc.constant('notifications/cancelled'),
    params: fc.record({ requestId: id, reason: content }),
  }),
);

type Parsed = Record<string, unknown> & {
  params?: { name?: unknown; uri?: unknown; requestId?: unknown };
  result?: { isError?: unknown; taskId?: unknown; requestState?: unknown };
  error?: { code?: unknown };
};

/** What the scanner must find, by parsing. */
function expected(text: string): Message {
  const parsed = JSON.parse(text) as Parsed;
  return {
    id: parsed['id'] === undefined ? null : JSON.stringify(parsed['id']),
    method: (parsed['method'] as string | undefined) ?? null,
    name: (parsed.params?.name as string | undefined) ?? null,
    requestId:
      parsed.params?.requestId === undefined ? null : JSON.stringify(parsed.params.requestId),
    taskId: (parsed.result?.taskId as string | undefined) ?? null,
    requestState: (parsed.result?.requestState as string | undefined) ?? null,
    hasResult: parsed.result !== undefined,
    hasError: parsed.error !== undefined,
    isError: parsed.result?.isError === true,
    code: (parsed.error?.code as number | undefined) ?? null,
  };
}

function scanInPieces(body: Buffer, size: number): Message[] {
  const found: Message[] = [];
  const scanner = new MessageScanner((one) => found.push(one));
  for (let i = 0; i < body.length; i += size) scanner.push(body.subarray(i, i + size));
  return found;
}

describe('MessageScanner', () => {
  it('finds what parsing finds, however deep, quoted or cut into chunks', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 1, max: 9 }), fc.nat(2), (value, size, indent) => {
        const text = JSON.stringify(value, null, indent);
        const body = Buffer.from(text);
        expect(scanMessages(body)).toEqual([expected(text)]);
        expect(scanInPieces(body, size)).toEqual([expected(text)]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps a state that is longer than a name may be, and none that is larger than 64 KiB', () => {
    const scanned = (bytes: number, member: string): Message[] =>
      scanMessages(Buffer.from(`{"id":1,"${member}":{"requestState":"${'s'.repeat(bytes)}"}}`));
    expect(scanned(60_000, 'params')).toMatchObject([{ requestState: 's'.repeat(60_000) }]);
    expect(scanned(70_000, 'result')).toMatchObject([{ requestState: null, hasResult: true }]);
  });

  it('reports the members of a batch one by one', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), (batch) => {
        const found = scanMessages(Buffer.from(JSON.stringify(batch)));
        expect(found).toEqual(batch.map((one) => expected(JSON.stringify(one))));
      }),
      { numRuns: 300 },
    );
  });

  it('never throws, and goes on with the next message after rubbish', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const found: Message[] = [];
        const scanner = new MessageScanner((one) => found.push(one));
        scanner.push(Buffer.from(bytes));
        scanner.reset();
        scanner.push(Buffer.from('{"id":7,"result":{}}'));
        expect(found.at(-1)).toMatchObject({ id: '7', hasResult: true });
      }),
      { numRuns: 2_000 },
    );
  });
});
