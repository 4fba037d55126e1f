/**
 * The head of an HTTP/1.1 answer: its status line, its fields, and how long its body is (RFC 9112, 4
 * to 6). Strict: whatever two readers could understand in two ways is refused, since the next answer
 * on the connection is somebody else's.
 */

export interface ResponseHead {
  readonly status: number;
  /** The reason phrase; may be empty. */
  readonly statusMessage: string;
  /** Flat list of names, in lower case, and values (latin1). */
  readonly headers: readonly string[];
}

/** Bytes of the body; `chunked` and `until-close` say themselves where it ends. */
export type BodyLength = number | 'chunked' | 'until-close';

export interface ParsedHead {
  readonly head: ResponseHead;
  readonly bodyLength: BodyLength;
  /** How long the server keeps an idle connection; Infinity: it does not say, 0: it closes it. */
  readonly keepAliveMs: number;
}

/** Why an answer cannot be read. */
export interface Fault {
  readonly fault: string;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
/** Lines of a name (a token), a colon and a value: no folding, no bare CR or LF, no space before the colon. */
const FIELD_LINES = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;
/** As many digits as stay exact. */
const CONTENT_LENGTH = /^\d{1,15}$/;
const KEEP_ALIVE_TIMEOUT = /\btimeout=(\d{1,6})\b/i;
const SPACE = 0x20;
const TAB = 0x09;

/** Every line of `text` is a header field, and ends in CRLF. */
export function areFieldLines(text: string): boolean {
  return FIELD_LINES.test(text);
}

/** Reads a head: the status line and the fields, each with its CRLF, without the blank line. */
export function parseHead(text: string): ParsedHead | Fault {
  const lineEnd = text.indexOf('\r\n');
  const line = STATUS_LINE.exec(text.slice(0, lineEnd));
  if (line === null) return { fault: 'malformed status line' };
  const fieldLines = text.slice(lineEnd + 2);
  if (!areFieldLines(fieldLines)) return { fault: 'malformed header field' };
  const headers = fieldsOf(fieldLines);
  const status = Number(line[2]);
  const is11 = line[1] === '1';
  const bodyLength = bodyLengthOf(headers, status, is11);
  if (typeof bodyLength === 'object') return bodyLength;
  const head = { status, statusMessage: line[3] ?? '', headers };
  return { head, bodyLength, keepAliveMs: keepAliveMsOf(headers, is11) };
}

function fieldsOf(lines: string): string[] {
  const fields: string[] = [];
  for (let at = 0; at < lines.length;) {
    const colon = lines.indexOf(':', at);
    const end = lines.indexOf('\r\n', colon);
    fields.push(lines.slice(at, colon).toLowerCase(), trimmed(lines, colon + 1, end));
    at = end + 2;
  }
  return fields;
}

function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** RFC 9112, 6.3, without what it lets a recipient repair. */
function bodyLengthOf(
  headers: readonly string[],
  status: number,
  is11: boolean,
): BodyLength | Fault {
  const lengths = valuesOf(headers, 'content-length');
  const codings = valuesOf(headers, 'transfer-encoding');
  if (lengths.length + codings.length > 1) return { fault: 'ambiguous length of the body' };
  const [length] = lengths;
  const [coding] = codings;
  if (length !== undefined && !CONTENT_LENGTH.test(length))
    return { fault: 'malformed content-length' };
  if (coding !== undefined && !(is11 && coding.toLowerCase() === 'chunked'))
    return { fault: 'unknown transfer-encoding' };
  if (status < 200 || status === 204 || status === 304) return 0;
  if (coding !== undefined) return 'chunked';
  return length === undefined ? 'until-close' : Number(length);
}

/** An HTTP/1.0 server may mean something else by keep-alive. */
function keepAliveMsOf(headers: readonly string[], is11: boolean): number {
  if (!is11 || valuesOf(headers, 'connection').some((value) => /close/i.test(value))) return 0;
  const seconds = KEEP_ALIVE_TIMEOUT.exec(valuesOf(headers, 'keep-alive')[0] ?? '')?.[1];
  return seconds === undefined ? Infinity : Number(seconds) * 1_000;
}

function valuesOf(headers: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i] === name) values.push(headers[i + 1] ?? '');
  return values;
}
