import { describe, expect, it } from 'vitest';
import { lastLines, MAX_OUTPUT_BYTES, OutputTail } from '../../../orchestrator/release/output.js';

function tailOf(text: string, secrets: readonly string[] = []): string {
  const tail = new OutputTail(secrets);
  for (let at = 0; at < text.length; at += 1_000) {
    tail.add(Buffer.from(text.slice(at, at + 1_000)));
  }
  return tail.text();
}

describe("a command's output", () => {
  it('is kept whole as long as it is short', () => {
    expect(tailOf('one\ntwo')).toBe('one\ntwo');
  });

  it('loses its beginning by whole lines', () => {
    const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index}`);
    const tail = tailOf(lines.join('\n'));
    expect(tail.length).toBeLessThanOrEqual(MAX_OUTPUT_BYTES);
    expect(tail.length).toBeGreaterThan(MAX_OUTPUT_BYTES - 20);
    expect(lines).toContain(tail.split('\n')[0]);
    expect(tail.endsWith('line 4999')).toBe(true);
  });

  it('shows no secret that is known, and no user of an address', () => {
    const text = 'using t0psecret on https://bob:pw@host/simple and ssh://git@host/x';
    expect(tailOf(text, ['t0psecret', 'on'])).toBe(
      'using *** on https://***@host/simple and ssh://***@host/x',
    );
  });

  it('has last lines, in one', () => {
    expect(lastLines('a\n\nb\r\n  c  \nd\n')).toBe('b | c | d');
    expect(lastLines('x'.repeat(1_000))).toHaveLength(400);
    expect(lastLines(' \n')).toBe('');
  });
});
