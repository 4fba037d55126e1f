/** Where PM2 writes what a service's instances print (pure). */
import type { ServiceConfig } from '../../config/types.js';
import type { App } from '../process-manager.js';

export interface LogFiles {
  /** Absolute paths; the same file when PM2 merges both streams. */
  readonly out: string;
  readonly err: string;
}

export interface LogFilesReply {
  /** Null: PM2 has no such app now. */
  readonly stable: LogFiles | null;
  readonly canary: LogFiles | null;
}

export function logFilesOf(apps: readonly App[], { app, canaryApp }: ServiceConfig): LogFilesReply {
  const filesOf = (wanted: string): LogFiles | null => {
    const found = apps.find(({ name }) => name === wanted);
    return found === undefined ? null : { out: found.outLogPath, err: found.errLogPath };
  };
  return { stable: filesOf(app), canary: filesOf(canaryApp) };
}
