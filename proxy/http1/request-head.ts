/** The head of an HTTP/1.1 request (RFC 9112, 3), for a body whose length is known. */

export interface RequestHead {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The request target, in origin form. */
  readonly path: string;
  /** Flat list of names and values, without those that say how long the body is. */
  readonly headers: readonly string[];
}

const TARGET = /^\/[\x21-\x7e\x80-\xff]*$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** What every request to an instance is told beside its own headers; made once for each of them. */
export interface OwnLines {
  /** `Host`, where the headers have none. */
  readonly host: string;
  /** Whole lines for every request. */
  readonly always: string;
}

/** The head's text, in latin1, or null when it cannot be said in HTTP/1.1. */
export function requestHead(
  { method, path, headers }: RequestHead,
  own: OwnLines,
  bodyBytes: number | null,
): string | null {
  if (!TARGET.test(path)) return null;
  let text = `${method} ${path} HTTP/1.1\r\n`;
  let hasHost = false;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const value = headers[i + 1] ?? '';
    if (!TOKEN.test(name) || NOT_IN_VALUE.test(value)) return null;
    hasHost ||= name.length === 4 && name.toLowerCase() === 'host';
    text += `${name}: ${value}\r\n`;
  }
  if (!hasHost) text += own.host;
  text += own.always;
  if (bodyBytes !== null) text += `content-length: ${bodyBytes}\r\n`;
  return `${text}\r\n`;
}
