/**
 * AMP, the framing on PM2's sockets. A message is one byte, version (1) in its high half and the
 * number of parts in its low half, and then each part after its length (32 bits, big endian). The
 * first two bytes of a part tell its type: `j:` JSON, `s:` a string.
 */
const VERSION = 1;
const MAX_PARTS = 15;

/** A message's bytes. Strings go as strings, everything else as JSON. */
export function encodeMessage(parts: readonly unknown[]): Buffer {
  const bodies = parts.map((part) =>
    Buffer.from(typeof part === 'string' ? `s:${part}` : `j:${JSON.stringify(part)}`),
  );
  const framed = bodies.flatMap((body) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return [length, body];
  });
  return Buffer.concat([Buffer.of((VERSION << 4) | (bodies.length & MAX_PARTS)), ...framed]);
}

/** Thrown by `MessageReader` at bytes that are no AMP message, or one that is too large. */
export class FramingError extends Error {}

/** Cuts a stream of bytes into messages. Holds at most one message, of at most `maxBytes`. */
export class MessageReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  /** No message can be complete before that many bytes are there. */
  #wanted = 1;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next bytes and gives the messages that they complete, each as its decoded parts.
   * @throws FramingError
   */
  push(chunk: Buffer): unknown[][] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: unknown[][] = [];
    while (this.#size >= this.#wanted) {
      const bytes = Buffer.concat(this.#chunks);
      const cut = cutMessage(bytes);
      const complete = 'parts' in cut;
      if ((complete ? cut.size : cut.wanted) > this.#maxBytes)
        throw new FramingError(`an answer of more than ${this.#maxBytes} bytes`);
      if (complete) messages.push(cut.parts.map(decodePart));
      const rest = complete ? bytes.subarray(cut.size) : bytes;
      this.#chunks = [rest];
      this.#size = rest.length;
      this.#wanted = complete ? 1 : cut.wanted;
    }
    return messages;
  }
}

type Cut =
  { readonly parts: readonly Buffer[]; readonly size: number } | { readonly wanted: number };

function cutMessage(bytes: Buffer): Cut {
  const meta = bytes.readUInt8(0);
  if (meta >> 4 !== VERSION) throw new FramingError(`AMP version ${meta >> 4}, wanted ${VERSION}`);
  const parts: Buffer[] = [];
  let at = 1;
  for (let left = meta & MAX_PARTS; left > 0; left -= 1) {
    if (bytes.length < at + 4) return { wanted: at + 4 };
    const end = at + 4 + bytes.readUInt32BE(at);
    if (bytes.length < end) return { wanted: end };
    parts.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return { parts, size: at };
}

function decodePart(part: Buffer): unknown {
  const [type, body] = [part.toString('latin1', 0, 2), part.toString('utf8', 2)];
  if (type === 's:') return body;
  if (type !== 'j:') throw new FramingError('a part that is neither JSON nor a string');
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new FramingError('a part that is not valid JSON');
  }
}
