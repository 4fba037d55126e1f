/**
 * What it costs to read an answer's body for accounting, without a socket in between: the look for
 * a mark of an error that most small answers get, and the scan that all others get.
 *
 *   node dist/bench/proxy/accounting.js
 */
import { MessageScanner } from '../../proxy/mcp/message-scanner.js';
import { quantile } from './small-call.js';
import { answerOf } from './answer-of.js';

const ERROR_MARK = Buffer.from('rror"');
const CHUNK_BYTES = 64 * 1024;
const ROUNDS = 15;
const BYTES_PER_ROUND = 20_000_000;

function scan(body: Buffer): void {
  const scanner = new MessageScanner(() => undefined);
  for (let at = 0; at < body.length; at += CHUNK_BYTES) {
    scanner.push(body, at, Math.min(at + CHUNK_BYTES, body.length));
  }
}

/** Microseconds a body, the median of some rounds. */
function costUs(body: Buffer, look: (body: Buffer) => unknown): number {
  const times = Math.ceil(BYTES_PER_ROUND / body.length);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const startedAt = performance.now();
    for (let i = 0; i < times; i += 1) look(body);
    return ((performance.now() - startedAt) * 1_000) / times;
  });
  return quantile(rounds);
}

process.stdout.write(
  '| answer | look for a mark, µs | scan, µs | JSON.parse, µs |\n|---|---|---|---|\n',
);
for (const bytes of [500, 10_000, 1_000_000]) {
  const body = answerOf(bytes);
  const looks = [
    (b: Buffer) => b.includes(ERROR_MARK),
    scan,
    (b: Buffer) => JSON.parse(b.toString('utf8')) as unknown,
  ];
  const cells = looks.map((look) => costUs(body, look).toFixed(2));
  process.stdout.write(`| ${body.length} B | ${cells.join(' | ')} |\n`);
}
