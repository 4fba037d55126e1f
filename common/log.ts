/** pino, JSON in production and readable on a terminal. Secrets never get this far: callers log ids, not payloads. */
import pino from 'pino';
import pretty from 'pino-pretty';

export type Logger = pino.Logger;

/** A logger on stdout at `$CANARY_LOG_LEVEL` (`info` by default). */
export function createLogger(name: string, env: NodeJS.ProcessEnv = process.env): Logger {
  const level = env['CANARY_LOG_LEVEL'] || 'info';
  const options = { name, level, base: { name, pid: process.pid } };
  return process.stdout.isTTY
    ? pino(options, pretty({ sync: true, ignore: 'pid,hostname' }))
    : pino(options);
}
