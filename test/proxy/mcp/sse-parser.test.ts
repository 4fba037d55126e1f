import { expect, it } from 'vitest';
import { SseParser } from '../../../proxy/mcp/sse-parser.js';

it('keeps an id whole when a chunk ends within one of its characters', () => {
  const ids: (string | null)[] = [];
  const parser = new SseParser({ onData: () => undefined, onEvent: ({ id }) => ids.push(id) });
  const bytes = Buffer.from('id: späť-7\ndata: x\n\n');
  for (const byte of bytes) parser.push(Buffer.from([byte]));
  expect(ids).toEqual(['späť-7']);
});
