/**
 * Reads what accounting and routing need out of JSON-RPC messages as they stream by, without
 * keeping or parsing them: a 50 MB result costs one pass and a few bytes of state.
 *
 * 1. Exact about nesting: an `"error"` inside a tool's text or structured content is no error.
 * 2. Only scalars at depth 1 and 2 of a message are captured, each up to a limit.
 * 3. An array at the top is a batch (2025-03-26); its members are reported one by one.
 * 4. It never throws: what is not JSON gives no message.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const SPACE = 0x20;

const MAX_TOKEN_BYTES = 512;
/** A server packs what it likes into its state. */
const MAX_STATE_BYTES = 64 * 1024;
/** As far as looking byte by byte is faster than a native search. */
const NEAR_BYTES = 48;

/** What a message is about. Values are raw JSON tokens, except the names, which are decoded. */
export interface Message {
  /** The raw token (`7`, `"abc"`), null when there is none. */
  id: string | null;
  method: string | null;
  /** `params.name`, or `params.uri`: what `tools/call`, `prompts/get`, `resources/read` act on. */
  name: string | null;
  /** `params.requestId` (raw): what `notifications/cancelled` means. */
  requestId: string | null;
  /** `params.taskId` or `result.taskId`. */
  taskId: string | null;
  /** `params.requestState` or `result.requestState` (2026-07-28): what a server will want back. */
  requestState: string | null;
  hasResult: boolean;
  hasError: boolean;
  /** `result.isError` is true. */
  isError: boolean;
  /** `error.code`, if it is an integer, as it has to be (JSON-RPC 2.0, 5.1). */
  code: number | null;
}

function emptyMessage(): Message {
  return {
    id: null,
    method: null,
    name: null,
    requestId: null,
    taskId: null,
    requestState: null,
    hasResult: false,
    hasError: false,
    isError: false,
    code: null,
  };
}

type Keep = (message: Message, token: string) => void;

const keepState: Keep = (m, token) => (m.requestState = decoded(token));

/** Members of a message whose scalar value is worth keeping. */
const WANTED = new Map<string, Keep>([
  ['id', (m, token) => (m.id = token === 'null' ? null : token)],
  ['method', (m, token) => (m.method = decoded(token))],
]);

/** Members of its members. */
const WANTED_WITHIN = new Map<string, ReadonlyMap<string, Keep>>([
  [
    'params',
    new Map<string, Keep>([
      ['name', (m, token) => (m.name = decoded(token))],
      ['uri', (m, token) => (m.name ??= decoded(token))],
      ['requestId', (m, token) => (m.requestId = token)],
      ['taskId', (m, token) => (m.taskId = decoded(token))],
      ['requestState', keepState],
    ]),
  ],
  [
    'result',
    new Map<string, Keep>([
      ['taskId', (m, token) => (m.taskId = decoded(token))],
      ['requestState', keepState],
      ['isError', (m, token) => (m.isError = token === 'true')],
    ]),
  ],
  ['error', new Map<string, Keep>([['code', (m, token) => (m.code = integerOf(token))]])],
]);

const PLAIN_STRING = /^"[\x20-\x21\x23-\x5b\x5d-\x7e]*"$/;

function decoded(token: string): string | null {
  if (PLAIN_STRING.test(token)) return token.slice(1, -1);
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'latin1').toString('utf8'));
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

function integerOf(token: string): number | null {
  const value = Number(token);
  return Number.isSafeInteger(value) ? value : null;
}

export class MessageScanner {
  /** Depth at which a message's own members are: 1, in a batch 2. */
  private base = 1;
  private depth = 0;
  private inString = false;
  /** An odd number of backslashes ended the last chunk. */
  private escaped = false;
  /** The next string at this place is a member's name. */
  private expectsKey = false;
  private capturing = false;
  private token = '';
  private key1 = '';
  private key2 = '';
  private inObject2 = false;
  /** What to do with the value under way, null when it is of no interest. */
  private keep: Keep | null = null;
  private message = emptyMessage();
  private malformed = false;

  private readonly onMessage: (message: Message) => void;

  /** `onMessage` is told of each message when its last byte has been seen. */
  constructor(onMessage: (message: Message) => void) {
    this.onMessage = onMessage;
  }

  /** Takes the bytes of `chunk` from `start` up to `end`. */
  push(chunk: Buffer, start = 0, end = chunk.length): void {
    let i = start;
    while (i < end && !this.malformed) {
      if (this.inString) i = this.passString(chunk, i, end);
      else {
        this.passByte(chunk[i] ?? 0);
        i += 1;
      }
    }
  }

  /** Forgets a message that was not finished, and starts anew. */
  reset(): void {
    this.base = 1;
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
    this.capturing = false;
    this.malformed = false;
    this.message = emptyMessage();
  }

  private passString(chunk: Buffer, from: number, end: number): number {
    const stop = stringEnd(chunk, from, end);
    let backslashes = 0;
    for (let k = stop - 1; k >= from && chunk[k] === BACKSLASH; k -= 1) backslashes += 1;
    const odd = backslashes % 2 === 1;
    const escaped = backslashes === stop - from && this.escaped ? !odd : odd;
    if (this.capturing) this.capture(chunk.toString('latin1', from, Math.min(stop + 1, end)));
    if (stop === end) {
      this.escaped = escaped;
      return end;
    }
    this.escaped = false;
    if (!escaped) this.endString();
    return stop + 1;
  }

  private capture(text: string): void {
    const limit = this.keep === keepState ? MAX_STATE_BYTES : MAX_TOKEN_BYTES;
    if (this.token.length + text.length > limit) this.capturing = false;
    else this.token += text;
  }

  private endString(): void {
    this.inString = false;
    if (!this.expectsKey) return;
    this.expectsKey = false;
    const key = this.capturing ? this.token.slice(1, -1) : '';
    this.capturing = false;
    if (this.depth === this.base) this.key1 = key;
    else this.key2 = key;
    this.token = '';
  }

  private passByte(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.beginString();
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.open(byte === OPEN_BRACE);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        this.endScalar();
        this.close();
        break;
      case COMMA:
        this.endScalar();
        this.expectsKey = this.isMemberDepth();
        break;
      case COLON:
        this.beginValue();
        break;
      default:
        if (this.depth === 0 && byte > SPACE) this.malformed = true;
        else if (this.capturing && byte > SPACE) this.capture(String.fromCharCode(byte));
    }
  }

  /** Inside the message object itself, or inside an object that is one of its members. */
  private isMemberDepth(): boolean {
    return this.depth === this.base || (this.depth === this.base + 1 && this.inObject2);
  }

  private beginString(): void {
    if (this.depth === 0) {
      this.malformed = true;
      return;
    }
    this.inString = true;
    if (this.expectsKey) {
      this.capturing = true;
      this.token = '"';
    } else if (this.capturing) this.capture('"');
  }

  private beginValue(): void {
    if (!this.isMemberDepth()) return;
    if (this.depth === this.base) {
      if (this.key1 === 'result') this.message.hasResult = true;
      this.keep = WANTED.get(this.key1) ?? null;
    } else this.keep = WANTED_WITHIN.get(this.key1)?.get(this.key2) ?? null;
    this.capturing = this.keep !== null;
    this.token = '';
  }

  private endScalar(): void {
    if (!this.capturing) return;
    this.capturing = false;
    if (this.token !== '') this.keep?.(this.message, this.token);
    this.token = '';
  }

  private open(isObject: boolean): void {
    this.capturing = false;
    if (this.depth === 0 && !isObject) this.base = 2;
    this.depth += 1;
    if (this.depth === this.base) {
      this.message = emptyMessage();
      this.malformed = !isObject;
      this.expectsKey = true;
    } else if (this.depth === this.base + 1) {
      this.inObject2 = isObject;
      this.expectsKey = isObject;
      if (this.key1 === 'error') this.message.hasError = true;
    } else this.expectsKey = false;
  }

  private close(): void {
    this.depth -= 1;
    this.expectsKey = false;
    if (this.depth < 0) this.malformed = true;
    else if (this.depth === this.base - 1) this.onMessage(this.message);
    if (this.depth === 0) this.base = 1;
  }
}

/** The index of the next quote, `end` when there is none: most strings are short, some are huge. */
function stringEnd(chunk: Buffer, from: number, end: number): number {
  const near = Math.min(end, from + NEAR_BYTES);
  for (let i = from; i < near; i += 1) if (chunk[i] === QUOTE) return i;
  if (near === end) return end;
  const quote = chunk.indexOf(QUOTE, near);
  return quote === -1 || quote > end ? end : quote;
}

/** All messages of a whole body, at most `limit`. */
export function scanMessages(body: Buffer, limit = 1_000): Message[] {
  const messages: Message[] = [];
  new MessageScanner((message) => {
    if (messages.length < limit) messages.push(message);
  }).push(body);
  return messages;
}

/** A message that wants an answer. */
export function isRequest(message: Message): boolean {
  return message.method !== null && message.id !== null;
}

/** A message that is an answer. */
export function isResponse(message: Message): boolean {
  return message.method === null && (message.hasResult || message.hasError);
}
