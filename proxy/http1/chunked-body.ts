/**
 * A chunked body as it streams by (RFC 9112, 7.1): its data is handed on in views of what was
 * pushed, sizes and trailers are read and dropped.
 */
import { areFieldLines } from './response-head.js';

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
/** As many as stay exact. */
const MAX_SIZE_DIGITS = 13;
const MAX_EXTENSION_BYTES = 1_024;
const MAX_TRAILER_BYTES = 8 * 1_024;
/** `;name=value`, without quoted values. */
const EXTENSIONS = /^(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=[!#$%&'*+\-.^_`|~0-9A-Za-z]+)?)*$/;
/** A trailer that says where the body ends comes too late to be believed. */
const FRAMING_FIELD = /^(?:content-length|transfer-encoding):/im;

type Part = 'size' | 'extension' | 'size-end' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'end';

export class ChunkedBody {
  private part: Part = 'size';
  private digits = 0;
  /** Of the chunk: its size, then what is still to come of it. */
  private left = 0;
  private text = '';
  private faultSeen: string | null = null;

  private readonly onData: (bytes: Buffer) => void;

  constructor(onData: (bytes: Buffer) => void) {
    this.onData = onData;
  }

  /** Why the body cannot be read, null when it can. */
  get fault(): string | null {
    return this.faultSeen;
  }

  /** The last byte of the body, with its trailers, has been seen. */
  get isWhole(): boolean {
    return this.part === 'end';
  }

  /** Takes the bytes of `chunk` from `from` on; gives the index after the last one that it used. */
  push(chunk: Buffer, from: number): number {
    let i = from;
    while (i < chunk.length && this.part !== 'end' && this.faultSeen === null) {
      if (this.part === 'data') i = this.passData(chunk, i);
      else {
        this.takeByte(chunk[i] ?? 0);
        i += 1;
      }
    }
    return i;
  }

  private passData(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.left);
    this.left -= end - from;
    if (this.left === 0) this.part = 'data-cr';
    this.onData(chunk.subarray(from, end));
    return end;
  }

  private takeByte(byte: number): void {
    switch (this.part) {
      case 'size':
        return this.takeSize(byte);
      case 'extension':
        return this.takeExtension(byte);
      case 'size-end':
        return this.expect(LF, byte, this.left === 0 ? 'trailer' : 'data');
      case 'data-cr':
        return this.expect(CR, byte, 'data-lf');
      case 'data-lf':
        this.digits = 0;
        return this.expect(LF, byte, 'size');
      case 'trailer':
        return this.takeTrailer(byte);
      case 'data':
      case 'end':
        return;
    }
  }

  private expect(wanted: number, byte: number, next: Part): void {
    if (byte !== wanted) this.faultSeen = 'malformed chunk';
    else this.part = next;
  }

  private takeSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit !== -1) {
      this.left = this.left * 16 + digit;
      this.digits += 1;
      if (this.digits > MAX_SIZE_DIGITS) this.faultSeen = 'chunk too large';
    } else if (this.digits === 0) this.faultSeen = 'malformed chunk size';
    else if (byte === CR) this.part = 'size-end';
    else if (byte === SEMICOLON) {
      this.part = 'extension';
      this.text = ';';
    } else this.faultSeen = 'malformed chunk size';
  }

  private takeExtension(byte: number): void {
    if (byte !== CR) {
      this.text += String.fromCharCode(byte);
      if (this.text.length > MAX_EXTENSION_BYTES) this.faultSeen = 'chunk extension too long';
      return;
    }
    if (EXTENSIONS.test(this.text)) this.part = 'size-end';
    else this.faultSeen = 'malformed chunk extension';
    this.text = '';
  }

  private takeTrailer(byte: number): void {
    this.text += String.fromCharCode(byte);
    if (this.text.length > MAX_TRAILER_BYTES) this.faultSeen = 'trailers too long';
    else if (byte === LF && (this.text === '\r\n' || this.text.endsWith('\r\n\r\n'))) {
      const lines = this.text.slice(0, -2);
      if (areFieldLines(lines) && !FRAMING_FIELD.test(lines)) this.part = 'end';
      else this.faultSeen = 'malformed trailer';
    }
  }
}

/** -1 when it is none. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
