/**
 * The parser is held to Node's own: the same bytes are given to both, and ours must understand the
 * same, or refuse.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResponseHead } from '../../../proxy/http1/response-head.js';
import {
  MAX_HEAD_BYTES,
  ResponseParser,
  type ResponseListener,
} from '../../../proxy/http1/response-parser.js';
import { freePort } from '../../support/ports.js';

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** The answer, or why there is none. */
type Understood = Answer | string;

class Reader implements ResponseListener {
  private head: ResponseHead | null = null;
  private readonly body: Buffer[] = [];
  isOver = false;

  get answer(): Answer | null {
    if (this.head === null || !this.isOver) return null;
    const { status, statusMessage, headers } = this.head;
    return {
      status,
      reason: statusMessage,
      headers,
      body: Buffer.concat(this.body).toString('latin1'),
    };
  }

  onHead(head: ResponseHead): void {
    expect(this.head).toBeNull();
    this.head = head;
  }

  onBody(bytes: Buffer): void {
    expect(this.head).not.toBeNull();
    expect(this.isOver).toBe(false);
    expect(bytes.length).toBeGreaterThan(0);
    this.body.push(Buffer.from(bytes));
  }

  onEnd(): void {
    expect(this.isOver).toBe(false);
    this.isOver = true;
  }
}

/** What the parser makes of the pieces, after which the server closes. */
function understand(pieces: readonly Buffer[]): { answer: Understood; keepAliveMs: number } {
  const reader = new Reader();
  const parser = new ResponseParser();
  parser.reset(reader);
  for (const piece of pieces) {
    const bytes = Buffer.from(piece);
    const fault = parser.push(bytes);
    // As where all connections read into the same memory.
    bytes.fill('!');
    if (fault !== null) return { answer: fault, keepAliveMs: 0 };
    if (reader.isOver) break;
  }
  const { keepAliveMs } = parser;
  const fault = parser.close();
  return { answer: fault ?? reader.answer ?? 'nothing', keepAliveMs };
}

/** How many bytes of the text the answer at its beginning takes. */
function lengthOf(text: string): number {
  const reader = new Reader();
  const parser = new ResponseParser();
  parser.reset(reader);
  for (let i = 0; i < text.length; i += 1) {
    parser.push(Buffer.from(text[i] ?? '', 'latin1'));
    if (reader.isOver) return i + 1;
  }
  return text.length;
}

function cut(text: string, at: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const stops = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...stops]
    .map((start, i) => bytes.subarray(start, stops[i] ?? bytes.length))
    .filter((piece) => piece.length > 0);
}

/** Answers every request with what the test says, and closes. */
class Replayer {
  private answer = '';
  private readonly server: Server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.from(this.answer, 'latin1')));
  });

  async open(): Promise<void> {
    await once(this.server.listen(await freePort(), '127.0.0.1'), 'listening');
  }

  /** What Node's client makes of it. */
  ask(answer: string): Promise<Understood> {
    this.answer = answer;
    const { port } = this.server.address() as AddressInfo;
    return new Promise((resolve) => {
      const req = request({ host: '127.0.0.1', port, method: 'POST', agent: false }, (res) => {
        const body: Buffer[] = [];
        res.on('data', (chunk: Buffer) => body.push(chunk));
        res.on('error', (error) => resolve(error.message));
        res.on('end', () =>
          resolve({
            status: res.statusCode ?? 0,
            reason: res.statusMessage ?? '',
            headers: res.rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text)),
            body: Buffer.concat(body).toString('latin1'),
          }),
        );
      });
      req.on('upgrade', (_res, socket) => {
        socket.destroy();
        resolve('upgrade');
      });
      req.on('error', (error) => resolve(error.message));
      req.end('{}');
    });
  }

  close(): void {
    this.server.close();
  }
}

const token = fc.stringMatching(/^[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}$/);
const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,30}$/);
const neutral = fc
  .tuple(token, value)
  .filter(([name]) => !/^(content-length|transfer-encoding|connection|upgrade)$/i.test(name));
const bodyText = fc
  .uint8Array({ maxLength: 200 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));
const places = fc.array(fc.nat(2_000), { maxLength: 30 });

function fields(lines: readonly (readonly [string, string])[]): string {
  return lines.map(([name, text]) => `${name}: ${text}\r\n`).join('');
}

function chunked(body: string, sizes: readonly number[]): string {
  let text = '';
  let at = 0;
  for (let i = 0; at < body.length; i += 1) {
    const data = body.slice(at, at + (sizes[i % sizes.length] ?? 1));
    text += `${data.length.toString(16)}\r\n${data}\r\n`;
    at += data.length;
  }
  return `${text}0\r\n\r\n`;
}

describe('a well-formed answer', () => {
  const answers = fc
    .record({
      status: fc.integer({ min: 200, max: 599 }),
      reason: fc.stringMatching(/^[\x21-\x7e]{0,20}$/),
      headers: fc.array(neutral, { maxLength: 8 }),
      body: bodyText,
      framing: fc.constantFrom('sized', 'chunked', 'until-close'),
      sizes: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
      interim: fc.constantFrom(
        '',
        'HTTP/1.1 100 Continue\r\n\r\n',
        'HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n',
      ),
    })
    .map(({ status, reason, headers, body, framing, sizes, interim }) => {
      const hasBody = status !== 204 && status !== 304;
      const [field, content] =
        framing === 'sized'
          ? [`Content-Length: ${body.length}\r\n`, body]
          : framing === 'chunked'
            ? ['transfer-encoding: Chunked\r\n', chunked(body, sizes)]
            : ['connection: close\r\n', body];
      const head = `HTTP/1.1 ${status} ${reason}\r\n${fields(headers)}${field}\r\n`;
      return { text: interim + head + (hasBody ? content : ''), body: hasBody ? body : '' };
    });

  it('is read alike, wherever it is cut', () => {
    fc.assert(
      fc.property(answers, places, ({ text, body }, at) => {
        const whole = understand([Buffer.from(text, 'latin1')]);
        expect(whole.answer).toMatchObject({ body });
        expect(understand(cut(text, at))).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it('that ends early is cut', () => {
    fc.assert(
      fc.property(answers, fc.nat(2_000), ({ text }, at) => {
        fc.pre(!text.includes('connection: close'));
        const some = Buffer.from(text, 'latin1').subarray(0, at % text.length);
        expect(understand([some]).answer).toBeTypeOf('string');
      }),
      { numRuns: 200 },
    );
  });
});

describe('beside Node', () => {
  const replayer = new Replayer();
  beforeAll(() => replayer.open());
  afterAll(() => replayer.close());

  /** Whether we understood; Node is asked about what we did, without what comes after it. */
  async function agrees(text: string, at: readonly number[]): Promise<boolean> {
    const { answer } = understand(cut(text, at));
    if (typeof answer === 'string') return false;
    expect(await replayer.ask(text.slice(0, lengthOf(text)))).toEqual(answer);
    return true;
  }

  /** Pieces that answers and attacks are made of. */
  const lines = fc.constantFrom(
    'HTTP/1.1 200 OK',
    'HTTP/1.0 200 OK',
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 304 Not Modified',
    'HTTP/1.1 100 Continue',
    'HTTP/1.1 200',
    'HTTP/1.1 099 Low',
    'HTTP/2.0 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 200 a\u0001b',
    'content-length: 5',
    'Content-Length: 5',
    'content-length: 0',
    'content-length: +5',
    'content-length: 5, 5',
    'content-length: 0x5',
    'content-length: ',
    'content-length : 5',
    'content-length: 99999999999999999999',
    'content-length: 5 ',
    'content-length:\t5',
    'transfer-encoding: chunked',
    'Transfer-Encoding:chunked',
    'transfer-encoding: gzip, chunked',
    'transfer-encoding: chunked, identity',
    'transfer-encoding: xchunked',
    'transfer-encoding : chunked',
    'transfer-encoding: \u000bchunked',
    'connection: close',
    'connection: keep-alive',
    'x: y',
    ' folded',
    '\tfolded',
    'no colon',
    ': no name',
    'na me: x',
    'x: a\u0000b',
    'x: a\u007fb',
    'x: \u00ff',
    'x:',
    '',
    '5',
    '05',
    '0',
    '5;ext=1',
    '5 ',
    ' 5',
    '5;',
    '5;;',
    '5;a b',
    '5;a="q"',
    '5;a=b;c',
    'hello',
    'fffffffffffffff',
    'g',
    '-1',
    '0x5',
    'trailer: x',
    'HTTP/1.1 200 OK',
    'content-length: 0',
  );
  const odd = fc.tuple(lines, fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', ''));
  const odds = (most: number) =>
    fc.array(odd, { maxLength: most }).map((all) => all.map((parts) => parts.join('')).join(''));
  /** Mostly what answers are made of, in the order that they have. */
  const plausible = fc
    .tuple(
      fc.constantFrom('HTTP/1.1 200 OK\r\n', 'HTTP/1.1 204 x\r\n', 'HTTP/1.0 200 OK\r\n'),
      odds(2),
      fc.constantFrom('content-length: 5\r\n', 'transfer-encoding: chunked\r\n', 'x: y\r\n'),
      odds(1),
      fc.constantFrom(
        '\r\nhello',
        '\r\n5\r\nhello\r\n0\r\n\r\n',
        '\r\n5;a=b\r\nhello\r\n00\r\nx: y\r\n\r\n',
      ),
      odds(2),
    )
    .map((parts) => parts.join(''));
  const mutated = fc
    .tuple(
      plausible,
      fc.nat(1_000),
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom('put', 'drop', 'swap'),
    )
    .map(([text, at, code, how]) => {
      const place = at % (text.length + 1);
      const byte = how === 'drop' ? '' : String.fromCharCode(code);
      return text.slice(0, place) + byte + text.slice(how === 'put' ? place : place + 1);
    });

  it('agrees or refuses, whatever it is told', { timeout: 60_000 }, async () => {
    let understood = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(odds(12), plausible, mutated), places, async (text, at) => {
        if (await agrees(text, at)) understood += 1;
      }),
      { numRuns: Number(process.env['RUNS'] ?? 1_000) },
    );
    expect(understood).toBeGreaterThan(50);
  });
});

describe('the parser', () => {
  const ok = 'HTTP/1.1 200 OK\r\n';

  it.each([
    ['both lengths', `${ok}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a length twice', `${ok}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`],
    ['a list of lengths', `${ok}content-length: 5, 5\r\n\r\nhello`],
    ['another coding', `${ok}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['a chunked HTTP/1.0 answer', `HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a folded field', `${ok}x: y\r\n z\r\ncontent-length: 0\r\n\r\n`],
    ['bare line feeds', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n'],
    ['a space before the colon', `${ok}content-length : 0\r\n\r\n`],
    ['a chunk size with a sign', `${ok}transfer-encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n`],
    [
      'a chunk that is longer than it says',
      `${ok}transfer-encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n`,
    ],
    [
      'a length in the trailers',
      `${ok}transfer-encoding: chunked\r\n\r\n0\r\ncontent-length: 5\r\n\r\n`,
    ],
    ['a change of protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n'],
  ])('refuses %s', (_, text) => {
    expect(understand([Buffer.from(text)]).answer).toBeTypeOf('string');
  });

  it('refuses what does not begin like an answer before it ends', () => {
    const parser = new ResponseParser();
    parser.reset(new Reader());
    expect(parser.push(Buffer.from('SSH-2.0'))).toBe('malformed status line');
  });

  it.each([
    ['header fields', ok, `x: ${'y'.repeat(500)}\r\n`],
    ['interim answers', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['a chunk extension', `${ok}transfer-encoding: chunked\r\n\r\n5;`, 'x'],
    ['trailers', `${ok}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x: y\r\n'],
  ])('takes a bounded number of bytes of %s', (_, start, more) => {
    const parser = new ResponseParser();
    parser.reset(new Reader());
    let fault = start === '' ? null : parser.push(Buffer.from(start));
    let taken = 0;
    for (; fault === null && taken < 2 * MAX_HEAD_BYTES; taken += more.length)
      fault = parser.push(Buffer.from(more));
    expect(fault).toMatch(/too l/);
    expect(taken).toBeLessThanOrEqual(MAX_HEAD_BYTES + more.length);
  });

  it('says for how long the connection can be used again', () => {
    const keepAliveMs = (fields: string, after = ''): number =>
      understand([Buffer.from(`${ok}${fields}content-length: 0\r\n\r\n${after}`)]).keepAliveMs;
    expect(keepAliveMs('')).toBe(Infinity);
    expect(keepAliveMs('connection: keep-alive\r\nkeep-alive: timeout=5, max=9\r\n')).toBe(5_000);
    expect(keepAliveMs('connection: x, Close\r\n')).toBe(0);
    expect(keepAliveMs('', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')).toBe(0);
  });
});
