/**
 * Reads the answer to one GET, POST or DELETE off a connection, as its bytes come (RFC 9112). Pure:
 * no sockets, no clock. It agrees with Node's own parser, or refuses.
 *
 * 1. Nothing is told after the end or a fault.
 * 2. What is told of the body are views of what was pushed; what the parser keeps, it copies.
 * 3. It keeps at most MAX_HEAD_BYTES.
 */
import { ChunkedBody } from './chunked-body.js';
import { parseHead, type ParsedHead, type ResponseHead } from './response-head.js';

/** Of all heads of an answer together, interim ones too. */
export const MAX_HEAD_BYTES = 64 * 1_024;
const HEAD_END = Buffer.from('\r\n\r\n');
const HEAD_START = Buffer.from('HTTP/1.');
const SWITCHING_PROTOCOLS = 101;

export interface ResponseListener {
  /** The final head; interim ones (1xx) are not told. */
  onHead(head: ResponseHead): void;
  /** Bytes of the body: valid during the call only. */
  onBody(bytes: Buffer): void;
  /** The answer is whole. */
  onEnd(): void;
}

const NOBODY: ResponseListener = {
  onHead: () => undefined,
  onBody: () => undefined,
  onEnd: () => undefined,
};

type State = 'head' | 'sized' | 'chunked' | 'until-close' | 'done' | 'broken';

export class ResponseParser {
  private listener: ResponseListener = NOBODY;
  private state: State = 'done';
  private headBytes = 0;
  /** The beginning of a head that has not come whole. */
  private pending: Buffer | null = null;
  private left = 0;
  private chunked: ChunkedBody | null = null;
  private keepMs = 0;

  /** An answer is awaited; the one before, if any, must have been whole. */
  reset(listener: ResponseListener): void {
    this.listener = listener;
    this.state = 'head';
    this.headBytes = 0;
    this.pending = null;
    this.chunked = null;
    this.keepMs = 0;
  }

  /** For how long the connection can be used again after a whole answer; 0: not at all. */
  get keepAliveMs(): number {
    return this.keepMs;
  }

  /** Takes bytes; gives why the answer cannot be read, null when all is well. */
  push(bytes: Buffer): string | null {
    switch (this.state) {
      case 'head':
        return this.pushHead(bytes);
      case 'sized':
        return this.pushSized(bytes, 0);
      case 'chunked':
        return this.pushChunked(bytes, 0);
      case 'until-close':
        this.listener.onBody(bytes);
        return null;
      case 'done':
        return this.break('bytes that belong to no answer');
      case 'broken':
        return null;
    }
  }

  /** The server has closed its side; gives why that cuts the answer, null when it ends it. */
  close(): string | null {
    if (this.state === 'until-close') {
      this.end();
      return null;
    }
    return this.state === 'done' ? null : this.break('closed before the answer was whole');
  }

  private break(fault: string): string {
    this.state = 'broken';
    this.pending = null;
    return fault;
  }

  private pushHead(bytes: Buffer): string | null {
    const { pending } = this;
    const all = pending === null ? bytes : Buffer.concat([pending, bytes]);
    const searched = pending === null ? 0 : Math.max(0, pending.length - HEAD_END.length + 1);
    const end = all.indexOf(HEAD_END, searched);
    const size = end === -1 ? all.length : end + HEAD_END.length;
    if (this.headBytes + size > MAX_HEAD_BYTES) return this.break('header fields too large');
    if (end === -1) {
      if (!couldBeHead(all)) return this.break('malformed status line');
      this.pending = pending === null ? Buffer.from(all) : all;
      return null;
    }
    this.pending = null;
    this.headBytes += size;
    const parsed = parseHead(all.toString('latin1', 0, end + 2));
    return 'fault' in parsed ? this.break(parsed.fault) : this.beginBody(parsed, all, size);
  }

  private beginBody(parsed: ParsedHead, bytes: Buffer, from: number): string | null {
    const { head, bodyLength, keepAliveMs } = parsed;
    if (head.status === SWITCHING_PROTOCOLS) return this.break('a change of protocol');
    if (head.status < 200) return from < bytes.length ? this.pushHead(bytes.subarray(from)) : null;
    this.keepMs = keepAliveMs;
    this.listener.onHead(head);
    switch (bodyLength) {
      case 'chunked':
        this.state = 'chunked';
        this.chunked = new ChunkedBody((data) => this.listener.onBody(data));
        return this.pushChunked(bytes, from);
      case 'until-close':
        this.state = 'until-close';
        this.keepMs = 0;
        if (from < bytes.length) this.listener.onBody(bytes.subarray(from));
        return null;
      default:
        this.state = 'sized';
        this.left = bodyLength;
        return this.pushSized(bytes, from);
    }
  }

  private pushSized(bytes: Buffer, from: number): string | null {
    const end = Math.min(bytes.length, from + this.left);
    this.left -= end - from;
    if (end > from)
      this.listener.onBody(end - from === bytes.length ? bytes : bytes.subarray(from, end));
    if (this.left === 0) this.endAt(bytes, end);
    return null;
  }

  private pushChunked(bytes: Buffer, from: number): string | null {
    const { chunked } = this;
    if (chunked === null) return null;
    const end = chunked.push(bytes, from);
    if (chunked.fault !== null) return this.break(chunked.fault);
    if (chunked.isWhole) this.endAt(bytes, end);
    return null;
  }

  /** Bytes after the end belong to no request of ours: nothing that follows can be trusted. */
  private endAt(bytes: Buffer, end: number): void {
    if (end < bytes.length) this.keepMs = 0;
    this.end();
  }

  private end(): void {
    this.state = 'done';
    this.listener.onEnd();
  }
}

/** The beginning of a head cannot be told from nonsense before it says otherwise. */
function couldBeHead(bytes: Buffer): boolean {
  const size = Math.min(bytes.length, HEAD_START.length);
  return bytes.compare(HEAD_START, 0, size, 0, size) === 0;
}
