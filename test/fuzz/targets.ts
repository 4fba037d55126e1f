/**
 * What is fed with garbage: each target takes so many inputs, and throws with the smallest one that
 * breaks its promise.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { loadConfigText } from '../../config/load.js';
import { formatProblems } from '../../config/problem.js';
import { ResponseParser } from '../../proxy/http1/response-parser.js';
import { callEventIds, readCallEventId } from '../../proxy/mcp/call-event-id.js';
import { scanMessages, MessageScanner, type Message } from '../../proxy/mcp/message-scanner.js';
import { SseParser } from '../../proxy/mcp/sse-parser.js';

export interface Target {
  readonly name: string;
  /** Of all inputs of a run. */
  readonly share: number;
  readonly fuzz: (inputs: number) => Promise<void> | void;
}

const bytes = fc.uint8Array({ maxLength: 4 }).map((some) => Buffer.from(some).toString('latin1'));

/** Something valid with pieces put in, taken out or written over. */
export function mutated(seeds: readonly string[], pieces: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(),
    drop: fc.nat({ max: 6 }),
    put: fc.oneof(fc.constantFrom('', ...pieces), bytes),
  });
  return fc
    .tuple(
      fc.array(fc.constantFrom(...seeds), { minLength: 1, maxLength: 3 }),
      fc.array(edit, { maxLength: 5 }),
    )
    .map(([parts, edits]) =>
      edits.reduce((text, { at, drop, put }) => {
        const from = at % (text.length + 1);
        return text.slice(0, from) + put + text.slice(from + drop);
      }, parts.join('')),
    );
}

const places = fc.array(fc.nat({ max: 500 }), { maxLength: 8 });

/** The bytes in pieces. */
function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const ends = [...new Set([...at.map((place) => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

/** Whatever is read, it is read alike wherever it is cut, and nothing is thrown. */
function readsAlike(
  inputs: number,
  texts: fc.Arbitrary<string>,
  read: (pieces: readonly Buffer[]) => unknown,
): void {
  fc.assert(
    fc.property(texts, places, (text, at) => {
      const bytes = Buffer.from(text, 'latin1');
      const [whole, pieces] = [read([bytes]), read(cut(bytes, at))];
      if (JSON.stringify(whole) !== JSON.stringify(pieces)) {
        throw new Error(`read as ${JSON.stringify(whole)}, in pieces as ${JSON.stringify(pieces)}`);
      }
    }),
    { numRuns: inputs },
  );
}

/** What was told before a fault depends on where the bytes were cut; that there is one does not. */
function readAnswer(pieces: readonly Buffer[]): unknown {
  let [head, body, isOver] = ['', '', false];
  const parser = new ResponseParser();
  parser.reset({
    onHead: (told) => void (head = JSON.stringify(told)),
    onBody: (bytes) => void (body += bytes.toString('latin1')),
    onEnd: () => void (isOver = true),
  });
  for (const piece of pieces) {
    if (parser.push(piece) !== null) return 'broken';
    if (isOver) break;
  }
  return { head, body, isOver, cut: isOver ? null : parser.close() };
}

function readEvents(pieces: readonly Buffer[]): unknown {
  const events: unknown[] = [];
  let data = '';
  const parser = new SseParser({
    onData: (chunk, start, end) => void (data += chunk.toString('latin1', start, end)),
    onEvent: (fields) => {
      events.push({ ...fields, data });
      data = '';
    },
  });
  for (const piece of pieces) parser.push(piece);
  return events;
}

function readMessages(pieces: readonly Buffer[]): unknown {
  const messages: Message[] = [];
  const scanner = new MessageScanner((message) => messages.push({ ...message }));
  for (const piece of pieces) scanner.push(piece);
  return messages;
}

const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n',
];
const FIELDS = [
  '\r\n',
  '\n',
  '\0',
  ' ',
  '\t',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  '0\r\n\r\n',
  ';a=b',
  'ffffffffffffffff\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
];
const EVENTS = [
  'event: message\nid: 7\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n',
  'data: a\r\ndata: b\r\n\r\n',
  ': comment\nretry: 5\n\n',
];
const MESSAGES = [
  '{"jsonrpc":"2.0","id":"a\\"b","method":"tools/call","params":{"name":"x","arguments":{"a":[1,{"b":null}]}}}',
  '[{"id":1,"result":{"isError":true}},{"id":2,"error":{"code":-32601,"message":"\\u0041"}}]',
  '{"method":"notifications/cancelled","params":{"requestId":3}}',
];
const TOKENS = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\u00',
  '"id":',
  '"params":{',
  'true',
  '1e999',
];

/** An event id is read as what it was written as, or is another's; what it names can be answered. */
function readsOwnIds(inputs: number): void {
  const { begun, over } = callEventIds('4f1d', '"a-1"');
  const ids = mutated(
    [begun, over, 'canary-2-7'],
    ['.', '-', '_', '=', 'canary-over', '4f1d', '\n'],
  );
  fc.assert(
    fc.property(ids, (id) => {
      const read = readCallEventId(id);
      if (read === null) return;
      if (callEventIds(read.label, read.token)[read.kind] !== id) throw new Error('another id');
      const error = `{"id":${Buffer.from(read.token, 'latin1').toString('utf8')}}`;
      if (error.includes('\n')) throw new Error('it would end the event');
      JSON.parse(error);
    }),
    { numRuns: inputs },
  );
}

/** A file is a configuration, or has problems that a person can be shown. */
function loadsOrTells(inputs: number): void {
  const example = readFileSync(new URL('../../config/canary.yaml', import.meta.url), 'utf8');
  const seeds = [
    example.slice(0, 1_500),
    'services: {a: {listen: 8080, stable: 8081, canary: 8082}}\n',
    'defaults:\n  steps: [{weight: 10%, window: 1h}]\n',
  ];
  const pieces = [
    '\n',
    '  ',
    '- ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '<<: *a',
    '!!js ',
    '"',
    "'",
    '#',
    '|',
    '>',
    '%',
    '@',
    '-1',
    '1e9',
    '${X}',
    'null',
    '~',
    '\t',
  ];
  fc.assert(
    fc.property(mutated(seeds, pieces), (text) => {
      const loaded = loadConfigText('canary.yaml', text, {});
      if (loaded.ok) return;
      if (loaded.problems.length === 0) throw new Error('refused without a problem');
      if (loaded.problems.some(({ message, place }) => message === '' || place?.line === 0))
        throw new Error('a problem without words or place');
      // eslint-disable-next-line no-control-regex
      if (/[\0-\x08\x0b-\x1f\x7f]/.test(formatProblems(loaded.problems, { color: false })))
        throw new Error('a control character is passed on');
    }),
    { numRuns: inputs },
  );
}

export const PARSERS: readonly Target[] = [
  {
    name: 'HTTP/1.1 answers',
    share: 0.3,
    fuzz: (inputs) => readsAlike(inputs, mutated(ANSWERS, FIELDS), readAnswer),
  },
  {
    name: 'server-sent events',
    share: 0.2,
    fuzz: (inputs) =>
      readsAlike(
        inputs,
        mutated(EVENTS, ['\r', '\n', '\r\n', ':', '\0', 'data:', 'id', '\ufeff']),
        readEvents,
      ),
  },
  {
    name: 'JSON-RPC messages',
    share: 0.3,
    fuzz: (inputs) => readsAlike(inputs, mutated(MESSAGES, TOKENS), readMessages),
  },
  {
    name: 'JSON-RPC batches beside JSON.parse',
    share: 0.1,
    fuzz: (inputs) =>
      fc.assert(
        fc.property(
          fc.array(fc.record({ id: fc.integer(), method: fc.string(), params: fc.jsonValue() }), {
            maxLength: 5,
          }),
          (batch) => {
            const found = scanMessages(Buffer.from(JSON.stringify(batch)));
            const ids = found.map(({ id }) => Number(id));
            if (JSON.stringify(ids) !== JSON.stringify(batch.map(({ id }) => id)))
              throw new Error(`found ${ids.join()}`);
          },
        ),
        { numRuns: inputs },
      ),
  },
  { name: 'event ids of calls', share: 0.1, fuzz: readsOwnIds },
  { name: 'configuration files', share: 0.02, fuzz: loadsOrTells },
];
