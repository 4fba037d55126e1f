/**
 * Server-sent events as they stream by (WHATWG HTML, 9.2.6), without keeping them: where events
 * end, which fields they have, and the bytes of their data.
 */
const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const MAX_FIELD_BYTES = 4_096;

export interface SseListener {
  /** Bytes of the event's data; several pieces, and newlines between lines are left out. */
  onData(chunk: Buffer, start: number, end: number): void;
  /** A blank line ended an event; `end` is the index after it in the chunk that was pushed. */
  onEvent(fields: SseFields, end: number): void;
}

export interface SseFields {
  /** `message` when the event did not name itself. */
  event: string;
  /** Null when the event has no id. */
  id: string | null;
  /** There was a data line with something in it. */
  hasData: boolean;
}

const FIELD_NAMES = new Set(['data', 'event', 'id', 'retry']);

export class SseParser {
  /** The unfinished line's name and value so far; a data line's value goes to the listener. */
  private name = '';
  private inValue = false;
  private value = '';
  private valueStarted = false;
  private lineEmpty = true;
  private afterCr = false;
  private fields: SseFields = { event: 'message', id: null, hasData: false };

  private readonly listener: SseListener;

  constructor(listener: SseListener) {
    this.listener = listener;
  }

  push(chunk: Buffer): void {
    const hasCr = chunk.includes(CR);
    let i = this.afterCr && chunk[0] === LF ? 1 : 0;
    this.afterCr = false;
    while (i < chunk.length) {
      const end = hasCr ? nextLineEnd(chunk, i) : chunk.indexOf(LF, i);
      if (end === -1) return this.take(chunk, i, chunk.length);
      this.take(chunk, i, end);
      i = end + 1;
      if (chunk[end] === CR) {
        if (i === chunk.length) this.afterCr = true;
        else if (chunk[i] === LF) i += 1;
      }
      this.endLine(i);
    }
  }

  private take(chunk: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.lineEmpty = false;
    let i = start;
    if (!this.inValue) {
      const colon = chunk.indexOf(COLON, start);
      const stop = colon === -1 || colon >= end ? end : colon;
      if (this.name.length < MAX_FIELD_BYTES) this.name += chunk.toString('latin1', start, stop);
      if (stop === end) return;
      this.inValue = true;
      this.valueStarted = false;
      i = stop + 1;
    }
    if (i === end) return;
    if (!this.valueStarted) {
      this.valueStarted = true;
      if (chunk[i] === SPACE) i += 1;
    }
    if (i < end) this.takeValue(chunk, i, end);
  }

  private takeValue(chunk: Buffer, start: number, end: number): void {
    if (this.name === 'data') {
      this.fields.hasData = true;
      this.listener.onData(chunk, start, end);
    } else if (FIELD_NAMES.has(this.name) && this.value.length < MAX_FIELD_BYTES) {
      // As bytes: a character may be cut by the end of the chunk.
      this.value += chunk.toString('latin1', start, end);
    }
  }

  private endLine(end: number): void {
    if (this.lineEmpty) this.endEvent(end);
    else if (this.name === 'event') this.fields.event = utf8(this.value) || 'message';
    else if (this.name === 'id') this.fields.id = utf8(this.value);
    this.name = '';
    this.value = '';
    this.inValue = false;
    this.lineEmpty = true;
  }

  private endEvent(end: number): void {
    const fields = this.fields;
    this.fields = { event: 'message', id: null, hasData: false };
    this.listener.onEvent(fields, end);
  }
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function nextLineEnd(chunk: Buffer, from: number): number {
  for (let i = from; i < chunk.length; i += 1) {
    if (chunk[i] === LF || chunk[i] === CR) return i;
  }
  return -1;
}
